"""A recording that cannot be imported is refused in one sentence that names what is wrong, and nothing is written."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rosbags.typesys.stores import ros2_jazzy as ros

from robot_rl.core.errors import RobotRLError, SchemaError, UsageError
from robot_rl.replay.bags.messages import header
from robot_rl.replay.bags.plain import PlainOptions, import_plain
from robot_rl.replay.bags.topic_map import TopicMap, TopicNames
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.verify import verify

META = {"task": "reach", "robot": "fr3_sim"}
Refused = Callable[..., str]


@pytest.fixture
def refused(taught: Any, topics: Any, names: Any, record: Callable[..., Path], tmp_path: Path) -> Refused:
    """The sentence with which an import is refused."""
    numbers = itertools.count()

    def run(named: TopicMap | None = None, **options: Any) -> str:
        out, bag = tmp_path / "out", record(topics, name=f"bag{next(numbers)}")
        with pytest.raises(UsageError) as caught:
            import_plain(bag, out, taught.spec, META, taught.robot, named or names, PlainOptions(**options))
        assert not out.exists() and "\n" not in str(caught.value)
        return str(caught.value)

    return run


def test_topics_that_are_not_there(refused: Refused, renamed: Any, names: Any) -> None:
    assert "no topic '/servo' of std_msgs/msg/Float64MultiArray or" in refused(renamed(command="/servo"))
    assert "it has /arm/command (std_msgs/msg/Float64MultiArray), /arm/joint_states" in refused(renamed(reward="x"))
    assert "no topic 'forward_position_controller/commands'" in refused(renamed(command=""))  # the robot's own
    assert "no camera is named" in refused(dataclasses.replace(names, cameras={}))
    assert "'/arm/command' is named for 2 roles" in refused(renamed(gripper="/arm/command"))


def test_a_topic_of_the_wrong_type(refused: Refused, names: Any) -> None:
    cameras = {"wrist": "wrist/image_raw", "front": "/arm/joint_states"}
    assert "for camera 'front'" in refused(dataclasses.replace(names, cameras=cameras))


def test_joint_states_without_velocities(refused: Refused, topics: Any) -> None:
    for _, message in topics.tracks["/arm/joint_states"][1]:
        message.velocity = np.zeros(0)
    assert "no usable message for joint_states (joint states hold 0 velocities" in refused()


def test_joint_states_of_another_robot(refused: Refused, topics: Any) -> None:
    for _, message in topics.tracks["/arm/joint_states"][1]:
        message.name = [f"ur5_{name}" for name in message.name]
    assert "joint_states (message lacks fr3_joint1, " in refused()


def test_depth_images(refused: Refused, topics: Any) -> None:
    for _, message in topics.tracks["/front/image_raw"][1]:
        message.encoding = "16UC1"
    assert "no usable message for camera 'front' (image encoding '16UC1'" in refused()


def test_no_command(refused: Refused, topics: Any) -> None:
    topics.change("/arm/command", lambda items: [])
    assert "no usable message for command: name another topic" in refused()


def test_commands_in_two_frames(refused: Refused, topics: Any) -> None:
    zero = ros.geometry_msgs__msg__Vector3(0.0, 0.0, 0.0)
    twist, stamps = ros.geometry_msgs__msg__Twist(zero, zero), [5_000_000_000, 5_100_000_000]
    messages = [
        (t, ros.geometry_msgs__msg__TwistStamped(header(t, frame), twist))
        for t, frame in zip(stamps, ("base", "tool"), strict=True)
    ]
    topics.add("/arm/command", "geometry_msgs/msg/TwistStamped", messages)
    assert "frames base, tool" in refused()


def test_sources_that_never_meet(refused: Refused, topics: Any) -> None:
    topics.change("/front/image_raw", lambda items: items[:1])
    assert "gives no step (too short)" in refused()
    topics.change("/wrist/image_raw", lambda items: [items[0], items[-1]])
    topics.change("/front/image_raw", lambda items: [*items, (items[0][0] + 800_000_000, items[0][1])])
    assert "gives no step (too short)" in refused()  # the second image bears the stamp of the first


def test_success_said_twice(refused: Refused, renamed: Any) -> None:
    assert "leave out one of them" in refused(renamed(success="/done"), success=True)


def test_a_mapping_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "map.yaml"
    path.write_text("cameras: {wrist: /w}\njoint_states: /j\nreward: /r\n")
    assert TopicMap.read(path) == TopicMap(cameras={"wrist": "/w"}, names=TopicNames(joint_states="/j", reward="/r"))
    for text, match in (
        ("cameras: [wrist]", "mapping of camera names"),
        ("comand: /c", "did you mean 'command'"),
        ("command: 3", "expected str"),
    ):
        path.write_text(text)
        with pytest.raises(UsageError, match=match):
            TopicMap.read(path)


def test_a_store_of_another_task_stays_as_it_is(
    taught: Any, topics: Any, names: Any, record: Callable[..., Path], tmp_path: Path
) -> None:
    bag, out = record(topics), tmp_path / "out"
    import_plain(bag, out, taught.spec, META, taught.robot, names)
    with pytest.raises(SchemaError, match="task 'reach', this run has 'lift'"):
        import_plain(bag, out, taught.spec, {**META, "task": "lift"}, taught.robot, names)
    assert len(ReplayReader(out)) == 9


def test_ctrl_c_leaves_a_whole_store_and_the_import_goes_on(
    taught: Any, topics: Any, names: Any, record: Callable[..., Path], tmp_path: Path
) -> None:
    bag, out = record(topics), tmp_path / "out"

    def stop(done: int, total: int) -> None:
        if (done, total) == (4, 9):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_plain(bag, out, taught.spec, META, taught.robot, names, progress=stop)
    assert len(ReplayReader(out)) == 4 and verify(out).problems == ()
    done = import_plain(bag, out, taught.spec, META, taught.robot, names)
    assert (done.rows, done.duplicates, done.late) == (5, 4, 0)
    reader = ReplayReader(out)
    assert reader.rows(np.arange(9))["index"].tolist() == list(range(9))


def test_no_space_keeps_what_was_written(
    taught: Any,
    topics: Any,
    names: Any,
    record: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bag, out, count = record(topics), tmp_path / "out", iter(range(1000))

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    def stop(done: int, total: int) -> None:
        if total == 9 and next(count) == 4:
            monkeypatch.setattr("robot_rl.replay.writer.write_all", full)

    with pytest.raises(RobotRLError, match="No space left on device; its 5 committed steps are intact"):
        import_plain(bag, out, taught.spec, META, taught.robot, names, progress=stop)
    monkeypatch.undo()
    assert len(ReplayReader(out)) == 5 and verify(out).problems == ()
