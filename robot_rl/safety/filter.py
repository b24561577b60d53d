"""The one way to the robot: any motion, of policy, person or reset, becomes joint commands inside the limits here."""

from __future__ import annotations

import math
from dataclasses import dataclass

import mink
import numpy as np

from robot_rl.config.limits import WorkspaceConfig
from robot_rl.config.robot import RobotConfig
from robot_rl.core.geometry import Pose, rotated, rotation_angle, turn_towards
from robot_rl.robot.ik import Infeasible, TcpObjective, solve_qp
from robot_rl.robot.twin import KinematicTwin
from robot_rl.safety.envelope import Envelope
from robot_rl.safety.limits.barrier import Rows
from robot_rl.safety.limits.effort import EffortLimit
from robot_rl.safety.limits.joint import JointLimits, VelocityBox
from robot_rl.safety.limits.rate import RateLimit
from robot_rl.safety.reasons import Reason

TURN_SPEED, TURN_BRAKING = 1.0, 4.0
"""Angular speed [rad/s] and deceleration [rad/s^2] with which a tilted tcp is turned back."""
STRAIGHT = 1e-7
"""Tilt of the tcp [rad] that is none."""
ALTERED = 1e-3
"""Speed [m/s or rad/s] by which a limit must change a command to count as having acted."""
GIVE_WAY_S = 0.1
"""Time in which a command that the robot cannot follow comes back to it [s]."""
GAVE_WAY = 2e-3
"""Joint distance [rad] of command and robot at which the command has given way to an effort."""
LAGGED = 0.02
"""tcp speed [m/s] by which the joints must fall short to count as limited; below it is the solver's regularisation."""
SHARES = (1.0, 0.75, 0.5, 0.25)
"""Of the way from full brake to the QP's answer, what is tried in turn where the robot could not stop after it."""


@dataclass(frozen=True)
class Motion:
    """One tick's command: joint positions (J,) [rad], velocities (J,) [rad/s], and what acted on it."""

    q: np.ndarray
    dq: np.ndarray
    reasons: frozenset[Reason]


class SafetyFilter:
    """Integrates the commanded configuration from one tick to the next, never outside the limits.

    The state is the *commanded* position and velocity, so that what is sent is continuous whoever commands;
    `measured` (J,) [rad] is where the robot said it was, `effort` (J,) [Nm] what its joints bear, where it reports
    that. Where a joint is further from its command than the leash or bears too much, something holds the robot back:
    the command gives way to where the robot is, rather than push harder and harder.

    Where limits contradict, in this order: the acceleration limit always holds; a stop comes before a return inside;
    the jerk limit is dropped first. Any answer is one from which the robot can stop inside all limits (`Envelope`);
    where there is none, or no number, it brakes.
    """

    def __init__(self, robot: RobotConfig, twin: KinematicTwin, workspace: WorkspaceConfig | None = None) -> None:
        self.limits = JointLimits(robot.limits)
        self.twin = twin
        self._envelope = Envelope(robot, twin, workspace or robot.workspace)
        self._objective, self._identity = TcpObjective(twin), np.eye(len(robot.joints))
        self._rate, self._effort_limit = RateLimit(robot.limits.tcp_speed.change), EffortLimit(robot.limits.effort)
        self.measured: np.ndarray | None = None
        self.effort: np.ndarray | None = None
        self._leash = robot.limits.leash
        self.start_at(np.array(robot.home))

    @property
    def tcp_speed(self) -> float:
        """Commanded tcp speed [m/s] of the last tick."""
        return float(np.linalg.norm(self.tcp_velocity))

    @property
    def still(self) -> bool:
        """True where the commanded velocity is zero."""
        return not self.dq.any()

    def start_at(self, q: np.ndarray) -> None:
        """Take `q` (J,) [rad] as the commanded configuration, at rest."""
        self.q, self.dq = np.array(q, np.float64), np.zeros(len(q))
        self.tcp, self.tcp_velocity = self.twin.tcp_pose(self.q), np.zeros(3)
        self._asked = np.zeros(3)
        self._last: np.ndarray | None = np.zeros(len(q))

    def brake(self, dt: float, *reasons: Reason) -> Motion:
        """Slow down within the acceleration limit, then hold."""
        return self._take(self.limits.brake(self.dq, dt), dt, frozenset(reasons))

    def hold(self, dt: float) -> Motion:
        """Come to rest and stay, giving way where something holds the robot back."""
        return self._give_way(dt) or self.brake(dt)

    def follow_joints(self, target: np.ndarray, dt: float) -> Motion:
        """Move towards joint positions `target` (J,) [rad]."""
        target = np.asarray(target, np.float64)
        if target.shape != self.q.shape:
            return self.brake(dt, Reason.WRONG_SIZE)
        if not np.isfinite(target).all():
            return self.brake(dt, Reason.NOT_FINITE)
        return self._give_way(dt) or self._towards((target - self.q) / dt, dt, set())

    def follow_tcp(
        self, velocity: np.ndarray, quaternion: np.ndarray, dt: float, turn: np.ndarray | None = None
    ) -> Motion:
        """Move the tcp with `velocity` (3,) [m/s, base frame].

        It turns by `turn` (3,) [rad/s] where given, else towards `quaternion` (4,) wxyz.
        """
        wanted, goal = np.asarray(velocity, np.float64), np.asarray(quaternion, np.float64)
        if wanted.shape != (3,) or goal.shape != (4,) or (turn is not None and np.shape(turn) != (3,)):
            return self.brake(dt, Reason.WRONG_SIZE)
        if not np.isfinite(wanted).all() or not abs(float(goal @ goal) - 1.0) < ALTERED:
            return self.brake(dt, Reason.NOT_FINITE)
        if turn is not None and not np.isfinite(turn).all():
            return self.brake(dt, Reason.NOT_FINITE)
        facing = self.turned(goal, dt) if turn is None else self._turning(turn, dt)
        return self._give_way(dt) or self._move_tcp(wanted, facing, dt)

    def _move_tcp(self, wanted: np.ndarray, facing: np.ndarray, dt: float) -> Motion:
        allowed, reasons = self._allowed(wanted, dt)
        target = Pose(self.tcp.position + allowed * dt, facing)
        self._envelope.look(self.q, self.dq, dt)
        hessian, linear = self._objective.quadratic(self._envelope.configuration, target)
        rows = self._envelope.rows(self.dq, self.dq, dt)
        before = self.q, self.dq, self._last
        try:
            motion = self._admit(self._solve(hessian, linear, rows, dt, reasons), dt, reasons)
        except (Infeasible, mink.MinkError):
            return self.brake(dt, Reason.INFEASIBLE)
        self._asked = allowed
        if np.abs(self.tcp_velocity - allowed).max() > LAGGED:
            q, dq, last = before
            return Motion(motion.q, motion.dq, motion.reasons | self.limits.acted(q, dq, motion.dq, dt, last))
        return motion

    def _allowed(self, wanted: np.ndarray, dt: float) -> tuple[np.ndarray, set[Reason]]:
        """The request as far as tcp speed, rate of change and workspace let it through, and which of them acted."""
        reasons, limits = set(), self._envelope
        steps = (
            (limits.speed.reason, limits.speed.clip),
            (self._rate.reason, lambda velocity: self._rate.clip(self._asked, velocity, dt)),
            (limits.workspace.reason, lambda velocity: limits.workspace.clip(self.tcp.position, velocity, dt)),
        )
        for reason, clip in steps:
            clipped = clip(wanted)
            if np.abs(clipped - wanted).max() > ALTERED:
                reasons.add(reason)
            wanted = clipped
        return wanted, reasons

    def turned(self, goal: np.ndarray, dt: float) -> np.ndarray:
        """Orientation of the next tick towards `goal`, at a speed from which the turn can stop there."""
        angle = rotation_angle(self.tcp.quaternion, goal)
        step = TURN_BRAKING * dt
        speed = min(TURN_SPEED, math.sqrt(step**2 + 2.0 * TURN_BRAKING * angle) - step)
        return goal if angle < STRAIGHT else turn_towards(self.tcp.quaternion, goal, speed * dt)

    def _turning(self, turn: np.ndarray, dt: float) -> np.ndarray:
        """Orientation of the next tick at angular velocity `turn` (3,) [rad/s], no faster than TURN_SPEED."""
        slower = min(1.0, TURN_SPEED / max(float(np.linalg.norm(turn)), 1e-9))
        return rotated(self.tcp.quaternion, slower * dt * turn)

    def _give_way(self, dt: float) -> Motion | None:
        """The motion back to where the robot is, where something holds it back."""
        if self.measured is None:
            return None
        away = np.abs(self.measured - self.q).max()
        if self._effort_limit.exceeded(self.effort):
            reason = self._effort_limit.reason
            return self._retreat(self.measured, dt, reason) if away > GAVE_WAY else self.brake(dt, reason)
        if away > self._leash:
            return self._retreat(self.measured, dt, Reason.HELD_BACK)
        return None

    def _retreat(self, measured: np.ndarray, dt: float, reason: Reason) -> Motion:
        self._last = None  # like a stop, a retreat does without the jerk limit
        return self._towards((measured - self.q) / GIVE_WAY_S, dt, {reason})

    def _towards(self, wanted: np.ndarray, dt: float, reasons: set[Reason]) -> Motion:
        """The joint velocity nearest to `wanted` (J,) [rad/s]."""
        nearest = self._box(dt).clip(wanted)
        if np.abs(nearest - wanted).max() > ALTERED:
            reasons |= self.limits.acted(self.q, self.dq, nearest, dt, self._last)
        self._envelope.look(self.q, self.dq, dt)
        rows = self._envelope.rows(self.dq, nearest, dt)
        try:
            if not rows.hold(nearest):
                nearest = self._solve(self._identity, -nearest * dt, rows, dt, reasons)
            return self._admit(nearest, dt, reasons)
        except Infeasible:
            return self.brake(dt, Reason.INFEASIBLE, *reasons)

    def _box(self, dt: float) -> VelocityBox:
        return self.limits.box(self.q, self.dq, dt, self._last)

    def _solve(
        self, hessian: np.ndarray, linear: np.ndarray, rows: Rows, dt: float, reasons: set[Reason]
    ) -> np.ndarray:
        """Joint velocity (J,) of the QP; the rows that bound it are added to `reasons`. Raises Infeasible."""
        try:
            return self._solve_within(self._box(dt), hessian, linear, rows, dt, reasons)
        except Infeasible:  # the jerk limit may stand against a row: it is the first to go
            return self._solve_within(self.limits.box(self.q, self.dq, dt), hessian, linear, rows, dt, reasons)

    def _solve_within(
        self,
        box: VelocityBox,
        hessian: np.ndarray,
        linear: np.ndarray,
        rows: Rows,
        dt: float,
        reasons: set[Reason],
    ) -> np.ndarray:
        upper = np.concatenate([box.upper, rows.upper]) * dt
        lower = np.concatenate([box.lower * dt, np.full(len(rows.upper), -1e30)])
        step, multipliers = solve_qp(hessian, linear, rows.matrix, upper, lower)
        pressing = np.flatnonzero(np.abs(multipliers[len(box.upper) :]) > 1e-12)
        reasons.update(rows.reasons[index] for index in pressing)
        return box.clip(step / dt)

    def _admit(self, dq: np.ndarray, dt: float, reasons: set[Reason]) -> Motion:
        """Send `dq` (J,), or as much of it beyond a full brake as leaves a stop inside the limits possible."""
        stop = self.limits.brake(self.dq, dt)
        for share in SHARES:
            candidate = stop + share * (dq - stop)
            refusal = self._envelope.refuses(candidate, dt)
            if refusal is None:
                return self._take(candidate, dt, frozenset(reasons))
            reasons.add(refusal)
        return self._take(stop, dt, frozenset(reasons))

    def _take(self, dq: np.ndarray, dt: float, reasons: frozenset[Reason]) -> Motion:
        start = self.tcp.position
        self._last, self.q, self.dq = (dq - self.dq) / dt, self.q + dq * dt, dq
        self.tcp = self.twin.tcp_pose(self.q)
        self._asked = self.tcp_velocity = (self.tcp.position - start) / dt
        return Motion(self.q.copy(), dq.copy(), reasons)
