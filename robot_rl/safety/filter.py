"""The one way to the robot: any motion, of policy, person or reset, becomes joint commands inside the limits here."""

from __future__ import annotations

from dataclasses import dataclass, replace

import mink
import numpy as np

from robot_rl.config.robot import RobotConfig, WorkspaceConfig
from robot_rl.core.geometry import Pose, rotated, rotation_angle, turn_towards
from robot_rl.robot.ik import DifferentialIK, Infeasible
from robot_rl.robot.twin import KinematicTwin
from robot_rl.safety.limits import BoxLimit, JointLimits, braking_speed
from robot_rl.safety.reasons import Reason

WORKSPACE_BRAKING = 2.0
"""tcp deceleration [m/s^2] with which the workspace's walls are approached."""
TURN_SPEED, TURN_BRAKING = 1.0, 4.0
"""Angular speed [rad/s] and deceleration [rad/s^2] with which a tilted tcp is turned back."""
ALTERED = 1e-3
"""Speed [m/s or rad/s] by which a limit must change a command to count as having acted."""
GIVE_WAY_S = 0.1
"""Time in which a command that the robot cannot follow comes back to it [s]."""
LAGGED = 0.02
"""tcp speed [m/s] by which the joints must fall short to count as limited; below it is the solver's regularisation."""


@dataclass(frozen=True)
class Motion:
    """One tick's command: joint positions (J,) [rad], velocities (J,) [rad/s], and what acted on it."""

    q: np.ndarray
    dq: np.ndarray
    reasons: frozenset[Reason]


class SafetyFilter:
    """Integrates the commanded configuration from one tick to the next, never outside the limits.

    The state is the *commanded* position and velocity, so that what is sent is continuous whoever commands;
    `measured` (J,) [rad] is where the robot said it was. Where a joint is further from its command than the leash,
    something holds the robot back: the command gives way to where the robot is, rather than push harder and harder.
    """

    def __init__(self, robot: RobotConfig, twin: KinematicTwin, workspace: WorkspaceConfig | None = None) -> None:
        self.limits = JointLimits(robot.limits)
        self.twin = twin
        box = workspace or robot.workspace
        self._lower, self._upper = np.array(box.lower), np.array(box.upper)
        self._box = BoxLimit(twin.model.nv, len(robot.joints))
        self._ik = DifferentialIK(twin, [self._box])
        self.measured: np.ndarray | None = None
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

    def brake(self, dt: float, *reasons: Reason) -> Motion:
        """Slow down within the acceleration limit, then hold."""
        return self._take(self.limits.brake(self.dq, dt), dt, frozenset(reasons))

    def hold(self, dt: float) -> Motion:
        """Come to rest and stay, giving way where something holds the robot back."""
        return self._give_way(dt) if self._held_back else self.brake(dt)

    def follow_joints(self, target: np.ndarray, dt: float) -> Motion:
        """Move towards joint positions `target` (J,) [rad]."""
        wanted = (np.asarray(target, np.float64) - self.q) / dt
        if not np.isfinite(wanted).all():
            return self.brake(dt, Reason.NOT_FINITE)
        if self._held_back:
            return self._give_way(dt)
        dq = self.limits.box(self.q, self.dq, dt).clip(wanted)
        altered = np.abs(dq - wanted).max() > ALTERED
        return self._take(dq, dt, frozenset({Reason.JOINT_LIMIT} if altered else ()))

    def follow_tcp(
        self, velocity: np.ndarray, quaternion: np.ndarray, dt: float, turn: np.ndarray | None = None
    ) -> Motion:
        """Move the tcp with `velocity` (3,) [m/s, base frame].

        It turns by `turn` (3,) [rad/s] where given, else towards `quaternion` (4,) wxyz.
        """
        start = self.tcp.position
        wanted = np.asarray(velocity, np.float64)
        if not np.isfinite(wanted).all() or not np.isfinite(quaternion if turn is None else turn).all():
            return self.brake(dt, Reason.NOT_FINITE)
        if self._held_back:
            return self._give_way(dt)
        facing = self._turned(quaternion, dt) if turn is None else self._turning(turn, dt)
        allowed = self._inside_workspace(start, wanted, dt)
        reasons = {Reason.WORKSPACE} if np.abs(allowed - wanted).max() > ALTERED else set()
        self._box.box = self.limits.box(self.q, self.dq, dt)
        try:
            dq = self._ik.solve(self.q, Pose(start + allowed * dt, facing), dt)
        except (Infeasible, mink.MinkError):
            return self.brake(dt, Reason.INFEASIBLE)
        motion = self._take(self._box.box.clip(dq), dt, frozenset(reasons))
        if np.abs(self.tcp_velocity - allowed).max() > LAGGED:
            motion = replace(motion, reasons=motion.reasons | {Reason.JOINT_LIMIT})
        return motion

    def _turned(self, goal: np.ndarray, dt: float) -> np.ndarray:
        """Orientation of the next tick towards `goal`, at a speed from which the turn can stop there."""
        angle = np.array(rotation_angle(self.tcp.quaternion, goal))
        speed = min(TURN_SPEED, float(braking_speed(angle, np.array(TURN_BRAKING), dt)))
        return turn_towards(self.tcp.quaternion, goal, speed * dt)

    def _turning(self, turn: np.ndarray, dt: float) -> np.ndarray:
        """Orientation of the next tick at angular velocity `turn` (3,) [rad/s], no faster than TURN_SPEED."""
        slower = min(1.0, TURN_SPEED / max(float(np.linalg.norm(turn)), 1e-9))
        return rotated(self.tcp.quaternion, slower * dt * turn)

    @property
    def _held_back(self) -> bool:
        return self.measured is not None and bool(np.abs(self.measured - self.q).max() > self._leash)

    def _give_way(self, dt: float) -> Motion:
        assert self.measured is not None
        towards = (self.measured - self.q) / GIVE_WAY_S
        return self._take(self.limits.box(self.q, self.dq, dt).clip(towards), dt, frozenset({Reason.HELD_BACK}))

    def _inside_workspace(self, tcp: np.ndarray, velocity: np.ndarray, dt: float) -> np.ndarray:
        acceleration = np.full(3, WORKSPACE_BRAKING)
        towards_upper = braking_speed(self._upper - tcp, acceleration, dt)
        towards_lower = braking_speed(tcp - self._lower, acceleration, dt)
        return np.clip(velocity, -towards_lower, towards_upper)

    def _take(self, dq: np.ndarray, dt: float, reasons: frozenset[Reason]) -> Motion:
        start = self.tcp.position
        self.q, self.dq = self.q + dq * dt, dq
        self.tcp = self.twin.tcp_pose(self.q)
        self.tcp_velocity = (self.tcp.position - start) / dt
        return Motion(self.q.copy(), dq.copy(), reasons)
