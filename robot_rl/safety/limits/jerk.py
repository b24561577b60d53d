"""Joint jerk limit: acceleration changes gradually."""

from __future__ import annotations

import numpy as np

from robot_rl.safety.reasons import Reason


class JerkLimit:
    """Change of every joint's acceleration. It smooths, and gives way where a stop needs more."""

    reason = Reason.JERK

    def __init__(self, jerk: tuple[float, ...]) -> None:
        self._jerk = np.array(jerk)

    def bounds(self, dq: np.ndarray, last: np.ndarray, dt: float) -> tuple[np.ndarray, np.ndarray]:
        """Bounds (J,) [rad/s] of the next velocity after velocity `dq` and acceleration `last` [rad/s^2]."""
        middle, reach = dq + last * dt, self._jerk * dt**2
        return middle - reach, middle + reach
