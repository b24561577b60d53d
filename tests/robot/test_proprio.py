"""The proprioception vector: what it holds by default never changes, and what a robot's file makes of it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import yaml

from robot_rl.config.loader import to_plain
from robot_rl.config.proprio import PARTS
from robot_rl.config.robot import RobotConfig
from robot_rl.core.errors import SchemaError, UsageError
from robot_rl.robot.proprio import ProprioMap, proprio_names
from robot_rl.robot.spec import load_robot
from robot_rl.robot.twin import KinematicTwin

Q = np.array([0.1, -0.3, 0.2, -2.4, 0.1, 2.2, 0.9])
DQ = np.arange(7) / 10
WRENCH = np.array([25.0, 0, -50, 0, 5, 0])


def with_proprio(robot: RobotConfig, **changes: object) -> RobotConfig:
    return dataclasses.replace(robot, proprio=dataclasses.replace(robot.proprio, **changes))


def named(robot: RobotConfig, twin: KinematicTwin) -> dict[str, float]:
    mapping = ProprioMap(robot, twin)
    vector = mapping.vector(Q, DQ, 0.01, WRENCH)
    assert vector.dtype == np.float32 and vector.shape == (len(mapping.names),)
    return dict(zip(mapping.names, vector.tolist(), strict=True))


def test_the_default_is_that_of_stores_and_weights_that_exist(robot: RobotConfig, twin: KinematicTwin) -> None:
    joints = [f"fr3_joint{i}" for i in range(1, 8)]
    tcp = ("tcp_x", "tcp_y", "tcp_z")
    assert proprio_names(robot) == (*(f"q_{j}" for j in joints), *(f"dq_{j}" for j in joints), *tcp, "gripper")
    expected = np.concatenate([Q, DQ, twin.tcp_pose(Q).position, [0.01]]).astype(np.float32)
    np.testing.assert_array_equal(ProprioMap(robot, twin).vector(Q, DQ, 0.01), expected)


def test_parts_come_in_the_order_given(robot: RobotConfig, twin: KinematicTwin) -> None:
    chosen = with_proprio(robot, parts=("wrench", "gripper", "tcp_position"), wrench_topic="wrench")
    assert list(named(chosen, twin)) == [
        "force_x", "force_y", "force_z", "torque_x", "torque_y", "torque_z", "gripper", "tcp_x", "tcp_y", "tcp_z",
    ]  # fmt: skip
    assert named(chosen, twin)["force_z"] == -50 and named(chosen, twin)["gripper"] == pytest.approx(0.01)


def test_tcp_velocity_is_that_of_its_motion(robot: RobotConfig, twin: KinematicTwin) -> None:
    chosen = with_proprio(robot, parts=("tcp_velocity", "tcp_angular_velocity"))
    values, dt = named(chosen, twin), 1e-6
    before, after = (twin.tcp_pose(Q + sign * DQ * dt / 2).position for sign in (-1, 1))
    assert [values[f"tcp_v{axis}"] for axis in "xyz"] == pytest.approx((after - before) / dt, abs=1e-5)
    assert np.linalg.norm([values[f"tcp_w{axis}"] for axis in "xyz"]) > 0.1


def test_orientation_is_the_turn_from_home(robot: RobotConfig, twin: KinematicTwin) -> None:
    chosen = with_proprio(robot, parts=("tcp_orientation",))
    home, turned = np.array(robot.home), np.array(robot.home)
    turned[6] += 0.3  # the tcp points down, so that its own turn is one about -z
    at_home, there = (ProprioMap(chosen, twin).vector(q, DQ, 0.0) for q in (home, turned))
    assert at_home == pytest.approx(np.zeros(3), abs=1e-6)
    assert there == pytest.approx([0, 0, -0.3], abs=1e-3)


def test_normalised_parts_are_one_at_their_limits(robot: RobotConfig, twin: KinematicTwin) -> None:
    chosen = with_proprio(robot, parts=PARTS, normalise="limits", wrench_topic="wrench", wrench_scale=(50.0, 5.0))
    mapping, limits = ProprioMap(chosen, twin), robot.limits
    upper = mapping.vector(np.array(limits.position_upper), np.array(limits.velocity), robot.gripper.open, WRENCH)
    values = dict(zip(mapping.names, upper.tolist(), strict=True))
    assert all(name.endswith("_norm") for name in values)
    for name in (*(f"q_{joint}" for joint in robot.joints), *(f"dq_{joint}" for joint in robot.joints), "gripper"):
        assert values[f"{name}_norm"] == pytest.approx(1.0)
    assert [values[f"{n}_norm"] for n in ("force_x", "force_z", "torque_y")] == pytest.approx([0.5, -1, 1])
    tcp = named(chosen, twin)
    x, (low, high) = twin.tcp_pose(Q).position[0], (robot.workspace.lower[0], robot.workspace.upper[0])
    assert tcp["tcp_x_norm"] == pytest.approx(2 * (x - low) / (high - low) - 1, abs=1e-5)


def test_a_wrench_that_is_not_there_is_told(robot: RobotConfig, twin: KinematicTwin) -> None:
    mapping = ProprioMap(with_proprio(robot, parts=("wrench",), wrench_topic="wrench"), twin)
    with pytest.raises(SchemaError, match="the proprioception has a wrench, but none is there"):
        mapping.vector(Q, DQ, 0.0)


@pytest.mark.parametrize(
    ("proprio", "says"),
    [
        ({"parts": ["joint_position"]}, "unknown part 'joint_position'.*did you mean 'joint_positions'"),
        ({"parts": ["gripper", "gripper"]}, "name each part once"),
        ({"parts": []}, "at least one"),
        ({"parts": ["wrench"]}, "parts has wrench, but wrench_topic is empty"),
        ({"normalise": "all"}, "not one of none, limits"),
    ],
)
def test_a_robots_file_with_a_wrong_vector_is_refused(
    robot: RobotConfig, tmp_path: Path, proprio: dict, says: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump({**to_plain(robot), "proprio": proprio}))
    with pytest.raises(UsageError, match=says):
        load_robot(str(path))
