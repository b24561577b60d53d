"""How much of a tame motion the safety layer alters: a task's expert, through the filter, in the simulator."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from robot_rl.config.robot import RobotConfig
from robot_rl.core.geometry import Pose
from robot_rl.robot.action_map import ActionMap
from robot_rl.robot.ik import DifferentialIK
from robot_rl.robot.modes import make_mode
from robot_rl.robot.modes.base import ArmState, TcpMotion
from robot_rl.robot.sim_arm import SimArm
from robot_rl.robot.tasks import load_task
from robot_rl.robot.twin import KinematicTwin
from robot_rl.safety.filter import SafetyFilter

TOLERANCE = 1e-3
"""Joint speed [rad/s] by which a tick must differ from the unlimited one to count as altered."""
EXECUTED = 0.05
"""Difference of executed and proposed action that counts as altered."""
STEPS, PERIOD_S = 80, 0.1
"""Longest episode in actions, and the time of one action [s]."""


class Actor(Protocol):
    """Whoever acts: the scripted expert of a task."""

    def reset(self) -> None:
        """Begin an episode."""

    def act(self, state: np.ndarray) -> np.ndarray:
        """Action (A,) for the task's privileged state."""


@dataclass
class Benign:
    """What came of a task's episodes: ticks and actions, how many of them a limit altered, and which limits acted."""

    episodes: int = 0
    successes: int = 0
    ticks: int = 0
    altered_ticks: int = 0
    actions: int = 0
    altered_actions: int = 0
    reasons: Counter[str] = field(default_factory=Counter)


class BenignRun:
    """Episodes of `task` under `actor`, each tick compared with inverse kinematics that knows joint limits only."""

    def __init__(self, robot: RobotConfig, task: str, actor: Actor, seed: int) -> None:
        self._robot, self._actor, self._task = robot, actor, load_task(task)
        self._arm = SimArm(robot, self._task, seed=seed)
        twin = KinematicTwin(robot)
        self._filter, self._free = SafetyFilter(robot, twin, self._task.workspace), DifferentialIK(twin)
        self._down = twin.tcp_pose(np.array(robot.home)).quaternion
        self._map, self._dt = ActionMap(robot), 1.0 / robot.command.rate_hz
        self._mode = make_mode(robot, self._down, PERIOD_S, self._task.workspace)
        self._result = Benign()

    def run(self, episodes: int) -> Benign:
        """Run `episodes` episodes."""
        for _ in range(episodes):
            self._result.episodes += 1
            self._result.successes += self._episode()
        self._arm.close()
        return self._result

    def _episode(self) -> bool:
        self._arm.home()
        self._arm.randomize()
        self._actor.reset()
        self._filter.start_at(np.array(self._robot.home))
        for _ in range(STEPS):
            self._act(self._actor.act(self._arm.state()))
            outcome = self._task.outcome(self._arm.state())
            if outcome.terminated:
                return bool(outcome.success)
        return False

    def _act(self, action: np.ndarray) -> None:
        course = self._mode.begin(action[: self._map.motion], self._commanded())
        for _ in range(round(PERIOD_S / self._dt)):
            wish = course.next(self._commanded(), self._dt)
            assert isinstance(wish, TcpMotion)
            self._tick(wish.velocity, self._map.opening(action))
        executed = self._map.join(course.executed(self._commanded()), self._map.opening(action))
        self._result.actions += 1
        self._result.altered_actions += bool(np.abs(executed - action).max() > EXECUTED)

    def _commanded(self) -> ArmState:
        now = self._filter
        return ArmState(now.q, now.dq, now.tcp, now.tcp_velocity, np.zeros(3))

    def _tick(self, velocity: np.ndarray, opening: float) -> None:
        filter_, result = self._filter, self._result
        filter_.measured, filter_.effort = self._arm.joint_positions, self._arm.joint_efforts
        target = Pose(filter_.tcp.position + velocity * self._dt, filter_.turned(self._down, self._dt))
        free = self._free.solve(filter_.q, target, self._dt)
        motion = filter_.follow_tcp(velocity, self._down, self._dt)
        result.ticks += 1
        result.altered_ticks += bool(np.abs(motion.dq - free).max() > TOLERANCE)
        result.reasons.update(reason.name for reason in motion.reasons)
        self._arm.command(motion.q, opening)
        self._arm.advance(self._dt)
