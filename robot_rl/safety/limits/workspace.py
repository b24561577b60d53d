"""Cartesian workspace of the tcp: a box and further planes."""

from __future__ import annotations

import numpy as np

from robot_rl.config.limits import WorkspaceConfig
from robot_rl.core.errors import UsageError
from robot_rl.safety.limits.barrier import Barriers
from robot_rl.safety.limits.braking import braking_speed
from robot_rl.safety.reasons import Reason

BRAKING = 3.0
"""tcp deceleration [m/s^2] with which a request approaches a wall."""

RETURN_SPEED, RETURN_S, RETURN_TO = 0.05, 0.5, 0.002
"""Way back from outside: its tcp speed [m/s], the time of its end [s] and the distance inside at which it aims [m]."""


class WorkspaceLimit:
    """The tcp's distance from every wall, positive inside.

    From outside a request leads back, slowly; without a request the robot stays where it is.
    """

    reason = Reason.WORKSPACE

    def __init__(self, config: WorkspaceConfig) -> None:
        normals = [*np.eye(3), *-np.eye(3)]
        offsets = [*config.lower, *(-value for value in config.upper)]
        for plane in config.planes:
            length = float(np.linalg.norm(plane.normal))
            if length < 1e-9:
                raise UsageError(f"workspace: planes: normal is {list(plane.normal)}: give a direction, not zero.")
            normals.append(np.array(plane.normal) / length)
            offsets.append(plane.offset)
        self._normals, self._offsets = np.array(normals), np.array(offsets)

    def distances(self, positions: np.ndarray) -> np.ndarray:
        """Distances (..., m) [m] of tcp `positions` (..., 3) from the walls."""
        distances: np.ndarray = positions @ self._normals.T - self._offsets
        return distances

    def barriers(self, position: np.ndarray, jacobian: np.ndarray) -> Barriers:
        """Barriers at tcp `position` (3,) with the translational `jacobian` (3, J)."""
        return Barriers(self.distances(position), self._normals @ jacobian, (self.reason,) * len(self._offsets))

    def clip(self, position: np.ndarray, velocity: np.ndarray, dt: float) -> np.ndarray:
        """Requested `velocity` (3,) [m/s], slowed towards the walls so that a gentle stop before them is possible.

        Where the tcp is outside a wall, at least the way back through it.
        """
        distances = self.distances(position)
        back = np.maximum((distances - RETURN_TO) / RETURN_S, -RETURN_SPEED)
        room = np.where(distances < 0.0, back, braking_speed(distances, np.array(BRAKING), dt))
        boxed = np.minimum(np.maximum(velocity, -room[:3]), room[3:6])
        for normal, speed in zip(self._normals[6:], room[6:], strict=True):
            boxed = boxed + normal * max(0.0, -speed - float(normal @ boxed))
        return boxed
