"""Speed of the tcp, linear and angular."""

from __future__ import annotations

import math

import numpy as np

from robot_rl.config.limits import TcpSpeedConfig
from robot_rl.safety.limits.barrier import Rows
from robot_rl.safety.reasons import Reason

MARGIN = 0.99
"""Share of the limit that requests get, for what their linearisation misses."""


class TcpSpeedLimit:
    """Euclidean norms of the tcp's velocity and angular velocity."""

    reason = Reason.TCP_SPEED

    def __init__(self, config: TcpSpeedConfig) -> None:
        self.linear, self.angular = config.linear, config.angular

    def clip(self, velocity: np.ndarray) -> np.ndarray:
        """Requested `velocity` (3,) [m/s] in its direction, no faster than the limit."""
        speed = math.sqrt(velocity @ velocity)
        return velocity if speed <= MARGIN * self.linear else velocity * (MARGIN * self.linear / speed)

    def rows(self, jacobian: np.ndarray, wanted: np.ndarray, stopping: np.ndarray) -> Rows:
        """Limits of the next joint velocity in the directions in which `wanted` (J,) [rad/s] would move the tcp.

        `jacobian` (6, J) is linear over angular. `stopping` (J,), the full brake, always obeys the rows.
        """
        twist = jacobian @ wanted
        matrix = np.stack([_along(twist[:3]) @ jacobian[:3], _along(twist[3:]) @ jacobian[3:]])
        upper = MARGIN * np.array([self.linear, self.angular])
        return Rows(matrix, np.maximum(upper, matrix @ stopping), (self.reason, self.reason))

    def excess(self, positions: np.ndarray, rotations: np.ndarray, seconds: np.ndarray) -> np.ndarray:
        """By how much (K,) a path of tcp `positions` (K + 1, 3) and `rotations` (K + 1, 3, 3) is too fast, relative.

        `seconds` (K,) lie between them; zero or less where the path keeps the limit.
        """
        moved = positions[1:] - positions[:-1]
        linear = np.sqrt(np.einsum("ki,ki->k", moved, moved)) / seconds
        cosine = (np.einsum("kij,kij->k", rotations[1:], rotations[:-1]) - 1.0) / 2.0
        angular = np.arccos(np.minimum(np.maximum(cosine, -1.0), 1.0)) / seconds
        excess: np.ndarray = np.maximum(linear / self.linear, angular / self.angular) - 1.0
        return excess


def _along(vector: np.ndarray) -> np.ndarray:
    return vector / max(math.sqrt(vector @ vector), 1e-12)
