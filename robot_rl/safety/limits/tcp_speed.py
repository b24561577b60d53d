"""Speed of the tcp, linear and angular."""

from __future__ import annotations

import math

import numpy as np

from robot_rl.config.limits import TcpSpeedConfig
from robot_rl.safety.limits.barrier import Rows
from robot_rl.safety.reasons import Reason

REQUESTED, STOPPING = 0.9, 0.95
"""Shares of the limit that requests, and ways to standstill, get: their linearisation and the robot's own controller
miss the rest."""


class TcpSpeedLimit:
    """Euclidean norms of the tcp's velocity and angular velocity."""

    reason = Reason.TCP_SPEED

    def __init__(self, config: TcpSpeedConfig) -> None:
        self.linear, self.angular = config.linear, config.angular

    def clip(self, velocity: np.ndarray) -> np.ndarray:
        """Requested `velocity` (3,) [m/s] in its direction, no faster than the limit."""
        speed = math.sqrt(velocity @ velocity)
        return velocity if speed <= REQUESTED * self.linear else velocity * (REQUESTED * self.linear / speed)

    def rows(self, jacobian: np.ndarray, wanted: np.ndarray, stopping: np.ndarray) -> Rows:
        """Limits of the next joint velocity in the directions in which `wanted` (J,) [rad/s] would move the tcp.

        `jacobian` (6, J) is linear over angular. `stopping` (J,), the full brake, always obeys the rows.
        """
        twist = jacobian @ wanted
        matrix = np.stack([_along(twist[:3]) @ jacobian[:3], _along(twist[3:]) @ jacobian[3:]])
        upper = REQUESTED * np.array([self.linear, self.angular])
        return Rows(matrix, np.maximum(upper, matrix @ stopping), (self.reason, self.reason))

    def kept(self, twists: np.ndarray) -> bool:
        """True where all `twists` (K, 6), linear over angular, keep the limits, less what is missed."""
        squared = (twists / STOPPING) ** 2
        linear, angular = squared[:, :3].sum(1).max(), squared[:, 3:].sum(1).max()
        return bool(linear <= self.linear**2 and angular <= self.angular**2)

    def kept_by(self, velocities: np.ndarray) -> bool:
        """True where the tcp's true `velocities` (K, 3) [m/s] keep the limit."""
        return bool((velocities**2).sum(1).max() <= self.linear**2)


def _along(vector: np.ndarray) -> np.ndarray:
    return vector / max(math.sqrt(vector @ vector), 1e-12)
