"""Every command mode through the safety controller: executed is what the arm was really commanded."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from obedient_arm import ObedientArm

from robot_rl.config.nodes import SafetyNodeConfig
from robot_rl.config.robot import MODES, RobotConfig
from robot_rl.core.record import Source
from robot_rl.robot.action_map import ActionMap
from robot_rl.robot.spec import load_robot
from robot_rl.robot.twin import KinematicTwin
from robot_rl.safety.controller import Command
from robot_rl.safety.reasons import Mode

ROBOT = load_robot("fr3_sim")
TCP = KinematicTwin(ROBOT)


def with_mode(mode: str, rotation: float = 0.0) -> RobotConfig:
    return dataclasses.replace(ROBOT, action=dataclasses.replace(ROBOT.action, mode=mode, rotation=rotation))


class Rig(ObedientArm):
    """A controller at home and running, whose commands say how fast the joints move."""

    def __init__(self, robot: RobotConfig) -> None:
        super().__init__(SafetyNodeConfig(lockstep=True), robot)
        self.spec = ActionMap(robot).spec
        self.begin()

    def check(self, command: Command, dq: np.ndarray) -> None:
        assert dq == pytest.approx(command.dq, abs=1e-9)
        assert (np.abs(dq) <= np.array(ROBOT.limits.velocity) + 1e-6).all()
        assert (np.abs(dq - self.dq) <= np.array(ROBOT.limits.acceleration) * self.dt + 1e-6).all()

    def act(self, action: np.ndarray, steps: int = 1) -> np.ndarray:
        """`steps` times the action; returns what was executed last."""
        for _ in range(steps):
            assert self.controller.on_action(Source.POLICY, self.now, action, self.now) is None
            for _ in range(round(0.1 / self.dt)):
                self.tick()
        return self.controller.executed[-1].action


@pytest.mark.parametrize("rotation", [0.0, 0.08])
@pytest.mark.parametrize("mode", ["cartesian_delta", "joint_delta"])
def test_gentle_displacements_are_executed_as_proposed(mode: str, rotation: float) -> None:
    rig, rng = Rig(with_mode(mode, rotation)), np.random.default_rng(0)
    for _ in range(6):
        action = rng.uniform(-0.4, 0.4, rig.spec.size)
        assert rig.act(action) == pytest.approx(action, abs=0.04)


@pytest.mark.parametrize("rotation", [0.0, 0.3])
def test_a_pose_is_reached_and_then_executed_as_proposed(rotation: float) -> None:
    rig = Rig(with_mode("cartesian_pose", rotation))
    action = np.resize([0.3, -0.5, 0.2], rig.spec.size)
    assert rig.act(action)[:3] != pytest.approx(action[:3], abs=0.05), "the first step cannot be there yet"
    assert rig.act(action, steps=15) == pytest.approx(action, abs=0.02)


def test_joint_positions_are_reached_and_then_executed_as_proposed() -> None:
    rig = Rig(with_mode("joint_position"))
    goal = np.array(ROBOT.home) + 0.15
    lower = np.array(ROBOT.limits.position_lower) + ROBOT.limits.position_margin
    upper = np.array(ROBOT.limits.position_upper) - ROBOT.limits.position_margin
    action = np.append(2 * (goal - lower) / (upper - lower) - 1, 1.0)
    assert rig.act(action, steps=12) == pytest.approx(action, abs=1e-4)
    assert rig.q == pytest.approx(goal, abs=1e-4)


def test_a_turn_turns_the_tcp_in_place() -> None:
    rig = Rig(with_mode("cartesian_delta", 0.08))
    before = TCP.tcp_pose(rig.q)
    rig.act(np.array([0, 0, 0, 0, 0, 1.0, 1.0]), steps=5)
    after = TCP.tcp_pose(rig.q)
    heading = np.array([after.quaternion[1], after.quaternion[2]])
    assert 2 * np.arctan2(heading[1], heading[0]) == pytest.approx(5 * 0.08, abs=0.05)
    assert after.position == pytest.approx(before.position, abs=2e-3)


@pytest.mark.parametrize("mode", MODES)
def test_any_actions_keep_the_limits(mode: str) -> None:
    rig, rng = Rig(with_mode(mode, 0.3 if mode.startswith("cartesian") else 0.0)), np.random.default_rng(1)
    for number in range(40):
        rig.act(np.clip(rng.normal(size=rig.spec.size) * (3.0, 1.0, 0.3)[number % 3], -1, 1))
    assert rig.controller.mode is Mode.RUNNING
