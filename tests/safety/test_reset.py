"""Resets: a way that is clear from end to end or none at all, over via points, and home from anywhere."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import mujoco
import numpy as np
import pytest

from robot_rl.config.limits import PlaneConfig
from robot_rl.config.nodes import SafetyNodeConfig
from robot_rl.config.robot import ResetConfig, RobotConfig
from robot_rl.core.errors import RobotRLError
from robot_rl.core.geometry import Pose
from robot_rl.robot.ik import DifferentialIK
from robot_rl.robot.model import BUILTIN
from robot_rl.robot.spec import load_robot
from robot_rl.robot.twin import KinematicTwin
from robot_rl.safety.controller import SafetyController
from robot_rl.safety.path_check import PathCheck
from robot_rl.safety.reasons import Mode, Reason
from robot_rl.safety.way_home import WayHome

ROBOT = load_robot("fr3_sim")
TWIN = KinematicTwin(ROBOT)
HOME = np.array(ROBOT.home)
LEVEL = TWIN.tcp_pose(HOME).quaternion


def reach(position: Sequence[float]) -> np.ndarray:
    """Joint positions with the tcp at `position`, pointing down."""
    q, ik = HOME, DifferentialIK(TWIN)
    for _ in range(60):
        q = q + ik.solve(q, Pose(np.array(position), LEVEL), 0.05) * 0.05
    assert TWIN.tcp_pose(q).position == pytest.approx(position, abs=2e-3)
    return q


def walled(tmp_path: Path, size: tuple[float, float, float], at: tuple[float, float, float]) -> RobotConfig:
    """The robot with a box of half `size` at `at` in its world."""
    spec = mujoco.MjSpec.from_file(str(BUILTIN["fr3"]))
    spec.worldbody.add_geom(name="wall", type=mujoco.mjtGeom.mjGEOM_BOX, size=size, pos=at)
    model = tmp_path / "walled.xml"
    model.write_text(spec.to_xml())
    return dataclasses.replace(ROBOT, model=str(model))


def lowered(robot: RobotConfig, top: float) -> RobotConfig:
    """The robot with its workspace ending at height `top`."""
    x, y, _ = robot.workspace.upper
    return dataclasses.replace(robot, workspace=dataclasses.replace(robot.workspace, upper=(x, y, top)))


class Rig:
    """A controller whose robot is always where it was commanded; remembers every configuration."""

    def __init__(self, robot: RobotConfig, q: np.ndarray) -> None:
        self.controller = SafetyController(SafetyNodeConfig(), robot)
        self.now, self.dt, self.q = 10**9, 1.0 / robot.command.rate_hz, q
        self.path, self.openings = [q], list[float]()
        self.controller.on_state(self.now, q)

    def reset(self, seconds: float = 20.0) -> None:
        """Reset until it is decided."""
        assert self.controller.reset() == ""
        for _ in range(round(seconds / self.dt)):
            self.tick()
            if self.controller.at_home or self.controller.mode is not Mode.RESETTING:
                return

    def tick(self) -> None:
        self.now += round(self.dt * 1e9)
        self.controller.on_state(self.now, self.q)
        command = self.controller.tick(self.now)
        assert command is not None
        self.q = command.q
        self.path.append(command.q)
        self.openings.append(command.opening)


def test_resets_from_anywhere_arrive_inside_all_limits() -> None:
    rng, check = np.random.default_rng(0), PathCheck(ROBOT, ROBOT.workspace)
    lower, upper = np.array(ROBOT.workspace.lower) + 0.01, np.array(ROBOT.workspace.upper) - 0.01
    ik = DifferentialIK(TWIN)
    for _ in range(12):
        q, target = HOME + rng.normal(0.0, 0.2, 7), Pose(rng.uniform(lower, upper), LEVEL)
        for _ in range(60):
            q = q + ik.solve(q, target, 0.05) * 0.05
        rig = Rig(ROBOT, q)
        rig.reset()
        assert rig.controller.at_home and rig.q == pytest.approx(HOME, abs=2e-3)
        path = np.array(rig.path)
        assert check.blocked(path) is None
        dq = np.diff(path, axis=0) / rig.dt
        assert (np.abs(dq) <= np.array(ROBOT.limits.velocity) + 1e-6).all()
        assert (np.abs(np.diff(dq, axis=0)) <= np.array(ROBOT.limits.acceleration) * rig.dt + 1e-6).all()
        assert check.speed_share(path, rig.dt) <= 1.0 + 1e-6


def test_from_the_corners_of_the_workspace_there_is_a_way() -> None:
    lower, upper = np.array(ROBOT.workspace.lower), np.array(ROBOT.workspace.upper)
    for share in np.ndindex(2, 2, 2):
        rig = Rig(ROBOT, reach(list(lower + 0.001 + np.array(share) * (upper - lower - 0.002))))
        rig.reset()
        assert rig.controller.at_home, (share, rig.controller.why)


def test_a_low_start_rises_before_it_goes_home() -> None:
    rig = Rig(ROBOT, reach((0.58, 0.18, 0.03)))
    rig.reset()
    poses = [TWIN.tcp_pose(q).position for q in rig.path]
    aside = [np.hypot(*(p[:2] - poses[0][:2])) for p in poses if p[2] < 0.1]
    assert rig.controller.at_home and max(aside) < 0.01


def test_a_plane_across_the_way_is_a_fault_before_anything_moves() -> None:
    space = dataclasses.replace(ROBOT.workspace, planes=(PlaneConfig(normal=(0.0, 1.0, 0.0), offset=0.1),))
    rig = Rig(dataclasses.replace(ROBOT, workspace=space), reach((0.45, 0.18, 0.1)))
    rig.reset()
    assert rig.controller.mode is Mode.FAULT and rig.controller.why is Reason.NO_WAY_HOME
    assert np.ptp(rig.path, axis=0).max() == 0.0, "nothing may move, not even a retreat"
    assert len(set(rig.openings)) == 1
    assert "move the arm by hand" in rig.controller.start()


BEHIND = (0.61, 0.0, 0.2)
"""Where the tcp is on the far side of the walls below, which stand at x = 0.53."""


def test_a_wall_across_the_way_is_a_fault_before_anything_moves(tmp_path: Path) -> None:
    robot = lowered(walled(tmp_path, (0.01, 0.5, 0.15), (0.53, 0.0, 0.15)), 0.3)
    rig = Rig(robot, reach(BEHIND))
    rig.reset()
    assert rig.controller.why is Reason.NO_WAY_HOME and np.ptp(rig.path, axis=0).max() == 0.0


def test_via_points_lead_around_what_is_in_the_way(tmp_path: Path) -> None:
    robot = lowered(walled(tmp_path, (0.01, 0.15, 0.15), (0.53, -0.14, 0.15)), 0.3)
    start, via = reach(BEHIND), (reach((0.61, 0.2, 0.24)), reach((0.45, 0.2, 0.24)))
    assert WayHome(robot, robot.workspace, 0.6).plan(start) is None
    guided = dataclasses.replace(robot, reset=ResetConfig(via=tuple(tuple(map(float, q)) for q in via)))
    rig = Rig(guided, start)
    rig.reset()
    assert rig.controller.at_home, rig.controller.why
    assert max(TWIN.tcp_pose(q).position[1] for q in rig.path) > 0.2
    assert PathCheck(guided, guided.workspace).blocked(np.array(rig.path)) is None


def test_a_higher_retreat_goes_over_what_is_in_the_way(tmp_path: Path) -> None:
    robot = walled(tmp_path, (0.01, 0.5, 0.11), (0.53, 0.0, 0.11))
    plan = WayHome(robot, robot.workspace, 0.6).plan(reach(BEHIND))
    assert plan is not None and plan.end is not None and plan.end[2] == pytest.approx(ROBOT.workspace.upper[2] - 0.01)
    rig = Rig(robot, reach(BEHIND))
    rig.reset()
    assert rig.controller.at_home, rig.controller.why
    assert PathCheck(robot, robot.workspace).blocked(np.array(rig.path)) is None


def test_an_arm_that_is_held_does_not_arrive_and_faults_without_force() -> None:
    rig = Rig(ROBOT, reach((0.55, 0.15, 0.2)))
    held = rig.q
    rig.controller = SafetyController(SafetyNodeConfig(reset_timeout_s=3.0), ROBOT)
    rig.controller.on_state(rig.now, held)
    rig.controller.reset()
    for _ in range(300):
        rig.q = held
        rig.tick()
        assert np.abs(rig.q - held).max() < ROBOT.limits.leash + 0.05
    assert rig.controller.mode is Mode.FAULT and rig.controller.why is Reason.RESET_TIMEOUT


def test_via_points_outside_the_joint_limits_are_refused_by_name(tmp_path: Path) -> None:
    import yaml

    from robot_rl.config.loader import to_plain

    data = to_plain(ROBOT)
    data["reset"]["via"] = [[0.0] * 7]
    file = tmp_path / "robot.yaml"
    file.write_text(yaml.safe_dump(data))
    with pytest.raises(RobotRLError, match=r"via\[0\] of joint 'fr3_joint4'"):
        load_robot(str(file))
