"""The model follows the published FR3, and the twin has the robot's joints and no others."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import mujoco
import numpy as np
import pytest

from robot_rl.config.robot import RobotConfig
from robot_rl.core.errors import UsageError
from robot_rl.robot.model import robot_spec, twin_model
from robot_rl.robot.twin import KinematicTwin

HALF = np.pi / 2
# a [m], d [m], alpha [rad] of joints 1 to 7 and the flange; tcp of the hand from the flange [m]
DH = (
    (0.0, 0.333, 0.0),
    (0.0, 0.0, -HALF),
    (0.0, 0.316, HALF),
    (0.0825, 0.0, HALF),
    (-0.0825, 0.384, -HALF),
    (0.0, 0.0, HALF),
    (0.088, 0.0, HALF),
    (0.0, 0.107, 0.0),
)
HAND = 0.1034


def test_twin_has_exactly_the_robots_joints_in_order(robot: RobotConfig) -> None:
    model = twin_model(robot)
    assert model.nq == model.nv == 7
    assert tuple(model.joint(index).name for index in range(7)) == robot.joints


def denavit_hartenberg(q: np.ndarray) -> np.ndarray:
    """Tcp position by the table that the manufacturer publishes (modified convention), apart from the model."""
    pose = np.eye(4)
    for (a, d, alpha), theta in zip(DH, [*q, 0.0], strict=True):
        ca, sa, ct, st = np.cos(alpha), np.sin(alpha), np.cos(theta), np.sin(theta)
        pose = pose @ [[ct, -st, 0, a], [st * ca, ct * ca, -sa, -d * sa], [st * sa, ct * sa, ca, d * ca], [0, 0, 0, 1]]
    return (pose @ [0.0, 0.0, HAND, 1.0])[:3]


def test_forward_kinematics_match_the_published_table(robot: RobotConfig) -> None:
    twin = KinematicTwin(robot)
    rng = np.random.default_rng(0)
    for _ in range(20):
        q = rng.uniform(robot.limits.position_lower, robot.limits.position_upper)
        assert twin.tcp_pose(q).position == pytest.approx(denavit_hartenberg(q), abs=1e-6)


def test_model_and_configuration_agree_on_joint_limits(robot: RobotConfig) -> None:
    model = twin_model(robot)
    assert model.jnt_range[:, 0] == pytest.approx(robot.limits.position_lower)
    assert model.jnt_range[:, 1] == pytest.approx(robot.limits.position_upper)
    assert model.jnt_actfrcrange[:, 1] == pytest.approx([87, 87, 87, 87, 12, 12, 12])


def test_twin_sees_self_collision_and_table_but_not_the_backdrop(robot: RobotConfig) -> None:
    model = twin_model(robot)
    for name in ("hand_palm", "link1_column", "table"):
        geom = model.geom(name)
        assert geom.contype[0] & geom.conaffinity[0]
    assert not model.geom("backdrop").contype[0]


def test_no_arm_geometry_overlaps_another_links_at_home(robot: RobotConfig) -> None:
    model = twin_model(robot)
    data = mujoco.MjData(model)
    data.qpos[:] = robot.home
    mujoco.mj_forward(model, data)
    assert data.ncon == 0


def test_missing_model_is_a_usage_error(robot: RobotConfig) -> None:
    with pytest.raises(UsageError, match=r"'nowhere\.xml', which is no file"):
        robot_spec(dataclasses.replace(robot, model="nowhere.xml"))


def test_broken_model_is_a_usage_error(robot: RobotConfig, tmp_path: Path) -> None:
    path = tmp_path / "broken.xml"
    path.write_text("<mujoco><worldbody>")
    with pytest.raises(UsageError, match="mend the model"):
        robot_spec(dataclasses.replace(robot, model=str(path)))


def test_unknown_joint_and_site_are_named(robot: RobotConfig) -> None:
    with pytest.raises(UsageError, match=r"unknown joint 'fr3_jiont1'.*did you mean 'fr3_joint1'"):
        twin_model(dataclasses.replace(robot, joints=("fr3_jiont1", *robot.joints[1:])))
    with pytest.raises(UsageError, match="unknown site 'flange'"):
        twin_model(dataclasses.replace(robot, tcp_site="flange"))


def test_joints_in_another_order_are_refused(robot: RobotConfig) -> None:
    with pytest.raises(UsageError, match="list them in the model's order"):
        twin_model(dataclasses.replace(robot, joints=robot.joints[::-1]))
