"""Actions while they move the robot, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from robot_rl.config.limits import WorkspaceConfig
from robot_rl.config.robot import RobotConfig
from robot_rl.core.geometry import rotation_vector
from robot_rl.core.record import Source
from robot_rl.robot.action_map import ActionMap
from robot_rl.robot.modes import make_mode
from robot_rl.robot.modes.base import ArmState, Course, JointMotion
from robot_rl.safety.filter import Motion, SafetyFilter
from robot_rl.safety.reasons import Reason


@dataclass
class ActionInForce:
    """An accepted action (A,); `course` is its motion from the tick on in which it replaced the one before.

    `stamp_ns` is of the observation that it answers, `since_ns` of the one from which on nothing newer came.
    """

    source: Source
    stamp_ns: int
    action: np.ndarray
    latency: float
    since_ns: int
    course: Course | None = None
    ticks: int = 0
    reasons: set[Reason] = field(default_factory=set)


@dataclass(frozen=True)
class Executed:
    """What became of one accepted action."""

    stamp_ns: int
    source: Source
    action: np.ndarray
    latency: float
    reasons: frozenset[Reason]


class Follower:
    """Moves the commanded arm by one action at a time, each for `period` [s] and on until `silence` [s] have passed.

    Actions are queued one deep: the newest replaces the one in force at the next tick, and what the replaced one
    really did is put on `executed`: once for each observation, of whoever acted last. `opening` is the commanded
    gripper joint position.
    """

    def __init__(
        self,
        robot: RobotConfig,
        filter_: SafetyFilter,
        workspace: WorkspaceConfig | None,
        period: float,
        silence: float,
    ) -> None:
        self.executed: list[Executed] = []
        self.opening = robot.gripper.open
        self._filter, self._map = filter_, ActionMap(robot)
        level = filter_.twin.tcp_pose(np.array(robot.home)).quaternion
        self._mode = make_mode(robot, level, period, workspace)
        self._dt, self._period, self._silence_ns = 1.0 / robot.command.rate_hz, period, round(silence * 1e9)
        self._force: ActionInForce | None = None
        self._next: ActionInForce | None = None
        self._turn, self._begun_ns = np.zeros(3), -1

    @property
    def size(self) -> int:
        """Entries of an action."""
        return self._map.spec.size

    @property
    def busy(self) -> bool:
        """True where an action is in force or comes into force in the next tick."""
        return self._force is not None or self._next is not None

    def take(self, action: ActionInForce) -> None:
        """Let `action` replace the one in force at the next tick."""
        self._next = action

    def answers(self, stamp_ns: int) -> bool:
        """True where the observation of `stamp_ns` has or had its action, or a newer one waits."""
        return self._next is not None or self._begun_ns == stamp_ns

    def tick(self, now_ns: int) -> Motion:
        """The next tick's motion at node clock `now_ns`."""
        if self._next is not None:
            self._begin(self._next)
        if self._force is None:
            return self._filter.brake(self._dt)
        if now_ns - self._force.since_ns > self._silence_ns:
            self.end()
            return self._filter.brake(self._dt, Reason.COMMAND_SILENT)
        return self._follow(self._force)

    def note(self, motion: Motion, before: np.ndarray) -> None:
        """Take the motion of this tick, whoever asked for it, from tcp orientation `before` (4,)."""
        self._turn = rotation_vector(before, self._filter.tcp.quaternion) / self._dt
        if self._force is not None:
            self._force.reasons |= motion.reasons

    def end_after_period(self) -> None:
        """End the action in force where its period is over."""
        if self._force is not None and self._force.ticks * self._dt >= self._period - 1e-9:
            self.end()

    def end(self) -> None:
        """End the action in force and tell what it did."""
        force, self._force = self._force, None
        if force is not None and force.course is not None:
            action = self._map.join(force.course.executed(self._arm()), self.opening)
            reasons = frozenset(force.reasons)
            self.executed.append(Executed(force.stamp_ns, force.source, action, force.latency, reasons))

    def drop(self) -> None:
        """End the action in force and forget the one that waits."""
        self.end()
        self._next, self._begun_ns = None, -1

    def _follow(self, force: ActionInForce) -> Motion:
        assert force.course is not None
        force.ticks += 1
        wish = force.course.next(self._arm(), self._dt)
        if force.source is Source.HOLD:
            return self._filter.hold(self._dt)
        if isinstance(wish, JointMotion):
            return self._filter.follow_joints(self._filter.q + wish.dq * self._dt, self._dt)
        return self._filter.follow_tcp(wish.velocity, wish.quaternion, self._dt, wish.turn)

    def _arm(self) -> ArmState:
        now = self._filter
        return ArmState(now.q, now.dq, now.tcp, now.tcp_velocity, self._turn)

    def _begin(self, action: ActionInForce) -> None:
        if self._force is not None and self._force.stamp_ns == action.stamp_ns:
            self._force = None
        self.end()
        action.course = self._mode.begin(action.action[: self._map.motion], self._arm())
        self._force, self._next, self._begun_ns = action, None, action.stamp_ns
        if action.source is not Source.HOLD:
            self.opening = self._map.opening(action.action)
