"""Orientation cone of the tcp."""

from __future__ import annotations

import math

import numpy as np

from robot_rl.config.limits import OrientationConfig
from robot_rl.core.errors import UsageError
from robot_rl.safety.limits.barrier import Barriers
from robot_rl.safety.reasons import Reason


class OrientationLimit:
    """The angle left between the tcp's axis and the cone, positive inside. From outside only the way back is open."""

    reason = Reason.ORIENTATION

    def __init__(self, config: OrientationConfig) -> None:
        self._axis = _unit("axis", config.axis)
        self._direction = _unit("direction", config.direction)
        x, y, z = self._direction
        self._turning = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
        self._angle = config.angle

    def distances(self, rotations: np.ndarray) -> np.ndarray:
        """Angles (..., 1) [rad] left for tcp `rotations` (..., 3, 3)."""
        cosine = (rotations @ self._axis) @ self._direction
        return self._angle - np.arccos(np.minimum(np.maximum(cosine, -1.0), 1.0))[..., None]

    def barriers(self, rotation: np.ndarray, jacobian: np.ndarray) -> Barriers:
        """Barrier at tcp `rotation` (3, 3) with the rotational `jacobian` (3, J) in the base frame."""
        away = self._turning @ (rotation @ self._axis)
        sine = math.sqrt(away @ away)
        # at the cone's centre every turn leads away from it, and none is nearer to the border than another
        gradient = -(away / sine) @ jacobian if sine > 1e-6 else np.zeros(jacobian.shape[1])
        return Barriers(self.distances(rotation), gradient[None], (self.reason,))


def _unit(key: str, vector: tuple[float, float, float]) -> np.ndarray:
    length = float(np.linalg.norm(vector))
    if length < 1e-9:
        raise UsageError(f"limits: orientation: {key} is {list(vector)}: give a direction, not zero.")
    return np.array(vector) / length
