"""Joint command modes know no tcp: whatever joints they ask for, the filter keeps workspace box and tcp speed."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot_rl.config.limits import WorkspaceConfig
from robot_rl.config.robot import ActionConfig
from robot_rl.core.record import Source
from robot_rl.robot.action_map import ActionMap
from robot_rl.robot.spec import load_robot
from robot_rl.robot.twin import KinematicTwin
from robot_rl.safety.filter import SafetyFilter
from robot_rl.safety.follower import ActionInForce, Follower
from robot_rl.safety.reasons import Reason

ROBOT = load_robot("fr3_sim")
SLOW = dataclasses.replace(ROBOT.limits.tcp_speed, linear=0.25)
ROBOT = dataclasses.replace(ROBOT, limits=dataclasses.replace(ROBOT.limits, tcp_speed=SLOW))
TWIN = KinematicTwin(ROBOT)
BOX = WorkspaceConfig(lower=(0.38, -0.10, 0.16), upper=(0.52, 0.10, 0.34))
"""A hand's breadth around home, so that most actions lead out of it."""
DT, PERIOD = 1.0 / ROBOT.command.rate_hz, 0.1
STEPS = st.lists(st.tuples(st.integers(0, 2**32 - 1), st.booleans()), min_size=1, max_size=15)
"""Seed of the action, and whether it is a corner of the action box (bang-bang) or anywhere in it."""


class Arm:
    """A follower in `mode` whose every tick is checked in the twin; a full action is far too fast."""

    def __init__(self, mode: str) -> None:
        robot = dataclasses.replace(ROBOT, action=ActionConfig(mode=mode, joint=0.3))
        self.filter = SafetyFilter(robot, TWIN, BOX)
        self.follower = Follower(robot, self.filter, BOX, PERIOD, silence=10.0)
        self.size, self.now, self.reasons = ActionMap(robot).spec.size, 0, set[Reason]()
        self.tcp = TWIN.tcp_pose(self.filter.q).position

    def act(self, action: np.ndarray, ticks: int = round(PERIOD / DT)) -> None:
        self.follower.take(ActionInForce(Source.POLICY, self.now, action, 0.0, self.now))
        for _ in range(ticks):
            self.now += round(DT * 1e9)
            motion = self.follower.tick(self.now)
            self.reasons |= motion.reasons
            tcp = TWIN.tcp_pose(motion.q).position
            assert (tcp >= np.array(BOX.lower) - 1e-3).all() and (tcp <= np.array(BOX.upper) + 1e-3).all()
            assert np.linalg.norm(tcp - self.tcp) / DT <= SLOW.linear * 1.001
            self.tcp = tcp


@pytest.mark.parametrize("mode", ["joint_delta", "joint_position"])
@settings(max_examples=20)
@given(steps=STEPS)
def test_random_joint_actions_leave_neither_the_box_nor_the_tcp_speed(mode: str, steps: list[tuple[int, bool]]) -> None:
    arm = Arm(mode)
    for seed, corner in steps:
        action = np.random.default_rng(seed).uniform(-1.0, 1.0, arm.size)
        arm.act(np.sign(action) if corner else action)


@pytest.mark.parametrize(("joint", "sign"), [(0, 1.0), (0, -1.0), (1, 1.0), (1, -1.0), (3, 1.0), (3, -1.0)])
@pytest.mark.parametrize("mode", ["joint_delta", "joint_position"])
def test_a_joint_driven_on_and_on_meets_the_wall(mode: str, joint: int, sign: float) -> None:
    arm = Arm(mode)
    stay = ROBOT.home if mode == "joint_position" else np.zeros(7)
    lower, upper = np.array(ROBOT.limits.position_lower), np.array(ROBOT.limits.position_upper)
    action = np.ones(arm.size)
    action[:7] = 2.0 * (stay - lower) / (upper - lower) - 1.0 if mode == "joint_position" else stay
    action[joint] = sign
    for _ in range(30):
        arm.act(action)
    assert Reason.WORKSPACE in arm.reasons, "without the wall it would have gone on"
