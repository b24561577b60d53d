"""Rate of change of what is asked for."""

from __future__ import annotations

import numpy as np

from robot_rl.safety.reasons import Reason


class RateLimit:
    """A requested tcp velocity follows its source no faster than `change` [m/s^2]."""

    reason = Reason.RATE_OF_CHANGE

    def __init__(self, change: float) -> None:
        self._change = change

    def clip(self, last: np.ndarray, velocity: np.ndarray, dt: float) -> np.ndarray:
        """Requested `velocity` (3,) [m/s], moved from the `last` one by at most the limit."""
        step = velocity - last
        size = float(np.linalg.norm(step))
        return velocity if size <= self._change * dt else last + step * (self._change * dt / size)
