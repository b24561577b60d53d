"""The shipped robots: each loads and fits its model, and the models are the published arms."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import mujoco
import numpy as np
import pytest

from robot_rl.config.paths import share_dir
from robot_rl.config.robot import RobotConfig
from robot_rl.core.errors import UsageError
from robot_rl.core.geometry import rotation_angle
from robot_rl.robot.model import twin_model
from robot_rl.robot.sim_arm import SimArm
from robot_rl.robot.spec import load_robot
from robot_rl.robot.tasks import load_task
from robot_rl.robot.twin import KinematicTwin

NAMES = sorted(path.stem for path in (share_dir() / "config" / "robots").glob("*.yaml"))
WITH_MODEL = [name for name in NAMES if name != "so101"]
DOWN = np.array([0.0, 1.0, 0.0, 0.0])
HALF = np.pi / 2
PUBLISHED = {"fr3": (2.62, 2.62, 2.62, 2.62, 5.26, 4.18, 5.26), "ur5e": (3.14,) * 6, "so101": (10.0,) * 5}
"""Joint speeds [rad/s] that the makers allow."""
UR5E = (
    (0.0, 0.1625, HALF),
    (-0.425, 0.0, 0.0),
    (-0.3922, 0.0, 0.0),
    (0.0, 0.1333, HALF),
    (0.0, 0.0997, -HALF),
    (0.0, 0.0996, 0.0),
)
"""a [m], d [m], alpha [rad] of joints 1 to 6, standard convention, from the controller's base frame to tool0."""


def test_the_promised_robots_are_there() -> None:
    assert {"fr3_sim", "fr3_peg", "fr3", "ur5e", "so101"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_loads_under_its_own_name(name: str) -> None:
    assert load_robot(name).name == name


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_a_real_robot_is_slower_than_its_maker_allows(name: str) -> None:
    assert (np.array(load_robot(name).limits.velocity) <= 0.5 * np.array(PUBLISHED[name])).all()


@pytest.mark.parametrize("name", WITH_MODEL)
def test_home_is_in_the_workspace_points_down_and_touches_nothing(name: str) -> None:
    robot = load_robot(name)
    twin = KinematicTwin(robot)
    pose = twin.tcp_pose(np.array(robot.home))
    assert pose.position == pytest.approx([0.45, 0.0, 0.15 if name == "fr3_peg" else 0.25], abs=1e-4)
    assert rotation_angle(pose.quaternion, DOWN) < 1e-4
    mujoco.mj_forward(twin.model, twin.data)
    assert twin.data.ncon == 0


@pytest.mark.parametrize("name", WITH_MODEL)
def test_limits_are_within_the_models_joint_ranges(name: str) -> None:
    robot = load_robot(name)
    model = twin_model(robot)
    assert (np.array(robot.limits.position_lower) >= model.jnt_range[:, 0] - 1e-4).all()
    assert (np.array(robot.limits.position_upper) <= model.jnt_range[:, 1] + 1e-4).all()


def test_the_so101_says_which_file_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    robot = load_robot("so101")
    assert robot.model == str(tmp_path / "SO-ARM100/Simulation/SO101/so101_new_calib.urdf")
    with pytest.raises(UsageError, match=r"so101_new_calib.urdf', which is no file: give the path"):
        twin_model(robot)


@pytest.fixture(scope="module")
def ur5e() -> RobotConfig:
    return load_robot("ur5e")


def test_ur5e_kinematics_match_the_published_table(ur5e: RobotConfig) -> None:
    twin, rng = KinematicTwin(dataclasses.replace(ur5e, tcp_site="tool0")), np.random.default_rng(0)
    for _ in range(20):
        q = rng.uniform(-np.pi, np.pi, 6)
        pose = np.diag([-1.0, -1.0, 1.0, 1.0])  # base_link is the controller's base turned by half a turn
        for (a, d, alpha), theta in zip(UR5E, q, strict=True):
            ca, sa, ct, st = np.cos(alpha), np.sin(alpha), np.cos(theta), np.sin(theta)
            rows = [ct, -st * ca, st * sa, a * ct], [st, ct * ca, -ct * sa, a * st], [0, sa, ca, d], [0, 0, 0, 1]
            pose = pose @ np.array(rows)
        assert twin.tcp_pose(q).position == pytest.approx(pose[:3, 3], abs=1e-6)
        turned = np.empty(4)
        mujoco.mju_mat2Quat(turned, np.ascontiguousarray(pose[:3, :3]).ravel())
        assert rotation_angle(twin.tcp_pose(q).quaternion, turned) < 1e-3


def test_the_simulated_ur5e_holds_and_closes_its_fingers_in_parallel(ur5e: RobotConfig) -> None:
    arm = SimArm(ur5e, load_task("reach"))
    assert arm.state()[:4] == pytest.approx([0.45, 0.0, 0.25, 0.0], abs=1e-3)
    for opening, gap in ((0.0, 0.085), (ur5e.gripper.closed, 0.0)):
        arm.command(np.array(ur5e.home), opening)
        arm.advance(1.5)
        left, right = arm.data.geom("left_pad"), arm.data.geom("right_pad")
        assert np.linalg.norm(left.xpos - right.xpos) - 0.014 == pytest.approx(gap, abs=1e-3)
        assert abs(left.xmat[8]) == pytest.approx(1.0, abs=1e-3)
        assert arm.opening == pytest.approx(opening, abs=2e-3)
    assert arm.joint_positions == pytest.approx(ur5e.home, abs=1e-3)
    arm.close()
