"""What is told to a robot's driver each tick, whatever messages it takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robot_rl.config.robot import RobotConfig
from robot_rl.core.geometry import Pose
from robot_rl.robot.twin import KinematicTwin

CORRECTION = 2.0
"""Share per second in which a driver that takes velocities is brought back to the commanded position [1/s]."""
REST_COMMANDS = 10
"""Commands at rest after which a driver with a time-out of its own is left to it."""


@dataclass(frozen=True)
class Setpoint:
    """Commanded joint positions and velocities, and the measured positions, each (J,) in the robot's joint order."""

    q: np.ndarray
    dq: np.ndarray
    measured: np.ndarray

    @property
    def still(self) -> bool:
        """True where the commanded velocity is zero."""
        return not self.dq.any()


class DriverCommand:
    """A setpoint in the terms of the robot's driver: joints in the driver's order, velocities that do not drift."""

    def __init__(self, robot: RobotConfig) -> None:
        self.names = robot.command.joint_names or robot.joints
        self._order = [robot.joints.index(name) for name in self.names]
        self._limit = np.array(robot.limits.velocity)
        self._twin = KinematicTwin(robot)

    def positions(self, point: Setpoint) -> np.ndarray:
        """Joint positions (J,) [rad]."""
        return point.q[self._order]

    def velocities(self, point: Setpoint) -> np.ndarray:
        """Joint velocities (J,) [rad/s]: zero at rest, else such that the robot comes back to what is commanded."""
        return self._velocity(point)[self._order]

    def pose(self, point: Setpoint) -> Pose:
        """Pose of the tcp in the base frame."""
        return self._twin.tcp_pose(point.q)

    def twist(self, point: Setpoint) -> np.ndarray:
        """Velocity [m/s] and angular velocity [rad/s] of the tcp (6,), in the base frame's axes; zero at rest."""
        return self._twin.tcp_twist(point.measured, self._velocity(point))

    def _velocity(self, point: Setpoint) -> np.ndarray:
        if point.still:
            return np.zeros_like(point.dq)
        wanted = point.dq + CORRECTION * (point.q - point.measured)
        return np.clip(wanted, -self._limit, self._limit)


class RestRule:
    """Whether a command is due at rest: always, unless the driver has a time-out of its own (`on_timeout` stop)."""

    def __init__(self, on_timeout: str) -> None:
        self._left_alone = on_timeout == "stop"
        self._rests = 0

    def due(self, still: bool) -> bool:
        """Whether to send this tick's command, `still` where it is one at rest; the first ones at rest always are."""
        self._rests = self._rests + 1 if still else 0
        return not self._left_alone or self._rests <= REST_COMMANDS
