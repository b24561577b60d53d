"""A bag of a robot's own topics gives the observations, and the actions that were executed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rosbags.typesys.stores import ros2_jazzy as ros

from robot_rl.core.geometry import Pose
from robot_rl.core.record import Source
from robot_rl.replay.bags.messages import header
from robot_rl.replay.bags.plain import import_plain
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.verify import verify

META = {"task": "reach", "robot": "fr3_sim"}
TICK_NS = 20_000_000
Any_ = Any
"""Fixtures' classes live in conftest, which cannot be imported."""


def rows_of(store: Path) -> np.ndarray:
    reader = ReplayReader(store)
    return reader.rows(np.arange(len(reader)))


def vector(values: np.ndarray) -> Any:
    return ros.geometry_msgs__msg__Vector3(*map(float, values))


def pose_message(stamp: int, pose: Pose) -> Any:
    w, x, y, z = map(float, pose.quaternion)
    point = ros.geometry_msgs__msg__Point(*map(float, pose.position))
    return ros.geometry_msgs__msg__PoseStamped(
        header(stamp, "base"), ros.geometry_msgs__msg__Pose(point, ros.geometry_msgs__msg__Quaternion(x, y, z, w))
    )


def twist_message(stamp: int, velocity: np.ndarray) -> Any:
    twist = ros.geometry_msgs__msg__Twist(vector(velocity), vector(np.zeros(3)))
    return ros.geometry_msgs__msg__TwistStamped(header(stamp, "base"), twist)


def trajectory_message(stamp: int, names: tuple[str, ...], q: np.ndarray, after_ns: int) -> Any:
    order, none = np.argsort(names), np.zeros(0)
    duration = ros.builtin_interfaces__msg__Duration(0, after_ns)
    point = ros.trajectory_msgs__msg__JointTrajectoryPoint(np.asarray(q)[order], none, none, none, duration)
    return ros.trajectory_msgs__msg__JointTrajectory(header(stamp), [names[k] for k in order], [point])


def joint_state(stamp: int, names: tuple[str, ...], q: np.ndarray) -> Any:
    order, none = np.argsort(names), np.zeros(0)
    return ros.sensor_msgs__msg__JointState(header(stamp), [names[k] for k in order], q[order], none, none)


def commands(kind: str, taught: Any_) -> tuple[str, list[tuple[int, Any]]]:
    """Message type and messages that ask for the taught motion."""
    joints, given, poses = taught.robot.joints, taught.commands, taught.poses
    if kind == "joint state":
        return "sensor_msgs/msg/JointState", [(t, joint_state(t, joints, q)) for t, q, _ in given]
    if kind.startswith("trajectory"):
        after = TICK_NS if kind.endswith("in time") else 0
        messages = [(t, trajectory_message(t, joints, q, after)) for t, q, _ in given]
        return "trajectory_msgs/msg/JointTrajectory", messages
    if kind == "pose":
        return "geometry_msgs/msg/PoseStamped", [
            (t, pose_message(t, pose)) for (t, _, _), pose in zip(given, poses[1:], strict=True)
        ]
    speeds = [(b.position - a.position) * 1e9 / TICK_NS for a, b in zip(poses, poses[1:], strict=False)]
    return "geometry_msgs/msg/TwistStamped", [
        (t, twist_message(t, v)) for (t, _, _), v in zip(given, speeds, strict=True)
    ]


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
@pytest.mark.parametrize("wall_ns", [0, 1_700_000_000 * 10**9])
def test_what_was_seen_and_done_is_what_is_stored(
    taught: Any_, topics: Any_, names: Any_, record: Callable[..., Path], tmp_path: Path, storage: str, wall_ns: int
) -> None:
    """Also where the robot's clock is not the recorder's, although joint position commands bear no stamp."""
    bag = record(topics, storage=storage, wall_ns=wall_ns)
    done = import_plain(bag, tmp_path / "out", taught.spec, META, taught.robot, names)
    count = len(taught.actions)
    assert (done.rows, done.episodes, +done.left_out, done.clipped) == (count + 1, 1, {}, 0)
    rows = rows_of(tmp_path / "out")
    assert rows["stamp_ns"].tolist() == [stamp for stamp, _ in taught.images]
    for row, (_, images), proprio in zip(rows, taught.images, taught.proprio, strict=True):
        assert all((row[f"image_{camera}"] == image).all() for camera, image in images.items())
        assert row["proprio"] == pytest.approx(proprio, abs=1e-6)
    assert rows["action"][:-1] == pytest.approx(taught.actions, abs=1e-5)
    assert (rows["proposed"] == rows["action"]).all() and not rows["action"][-1].any()
    assert rows["index"].tolist() == list(range(count + 1))
    assert rows["is_first"].tolist() == [1] + [0] * count and rows["is_last"].tolist() == [0] * count + [1]
    assert not rows["is_terminal"].any() and not rows["success"].any() and not rows["reward"].any()
    assert (rows["source"] == Source.HUMAN).all() and not rows["age"].any() and not rows["latency"].any()
    assert ReplayReader(tmp_path / "out").meta == META and verify(tmp_path / "out").problems == ()


@pytest.mark.parametrize("kind", ["joint state", "trajectory at once", "trajectory in time", "pose", "twist"])
def test_every_kind_of_command_gives_the_same_actions(
    taught: Any_, topics: Any_, names: Any_, record: Callable[..., Path], tmp_path: Path, kind: str
) -> None:
    topics.add("/arm/command", *commands(kind, taught))
    import_plain(record(topics), tmp_path / "out", taught.spec, META, taught.robot, names)
    assert rows_of(tmp_path / "out")["action"][:-1] == pytest.approx(taught.actions, abs=1e-5)


def test_imported_again_all_are_duplicates(
    taught: Any_, topics: Any_, names: Any_, record: Callable[..., Path], tmp_path: Path
) -> None:
    bag, out = record(topics), tmp_path / "out"
    import_plain(bag, out, taught.spec, META, taught.robot, names)
    done = import_plain(bag, out, taught.spec, META, taught.robot, names)
    assert (done.rows, done.duplicates, len(ReplayReader(out))) == (0, 9, 9)
    topics.change("/arm/joint_states", lambda items: items[5:])
    other = record(topics, name="other")
    assert import_plain(other, out, taught.spec, META, taught.robot, names).rows == 8
    assert [e.length for e in ReplayReader(out).episodes()] == [8, 7]


def test_latency_and_ages_are_recorded(
    taught: Any_, topics: Any_, names: Any_, record: Callable[..., Path], tmp_path: Path
) -> None:
    """Commands come 7 ms after each observation; the front camera is 20 ms behind."""

    def later(items: list[tuple[int, Any]]) -> list[tuple[int, Any]]:
        return [(t + 7_000_000, message) for t, message in items]

    def behind(items: list[tuple[int, Any]]) -> list[tuple[int, Any]]:
        for t, message in items:
            message.header = header(t - 20_000_000)
        return items

    topics.change("/arm/command", later)
    topics.change("/front/image_raw", behind)
    import_plain(record(topics), tmp_path / "out", taught.spec, META, taught.robot, names)
    rows = rows_of(tmp_path / "out")
    assert rows["latency"][:-1] == pytest.approx(0.007, abs=1e-6)
    assert rows["age"] == pytest.approx(np.tile([0.0, 0.02, 0.0], (len(rows), 1)), abs=1e-6)
    assert len(rows) == 8  # the ninth observation would have been after the front camera's last image


def test_without_gripper_commands_the_measured_opening_counts(
    taught: Any_, topics: Any_, renamed: Any_, record: Callable[..., Path], tmp_path: Path
) -> None:
    done = import_plain(record(topics), tmp_path / "out", taught.spec, META, taught.robot, renamed(gripper=""))
    gripper, rows = taught.robot.gripper, rows_of(tmp_path / "out")
    measured = rows["proprio"][1:, -1]
    assert done.measured_gripper
    expected = 2 * (measured - gripper.closed) / (gripper.open - gripper.closed) - 1
    assert rows["action"][:-1, 3] == pytest.approx(np.clip(expected, -1, 1), abs=1e-6)
