"""Refuses an action that must not move the robot, before anything else looks at it."""

from __future__ import annotations

import numpy as np

from robot_rl.safety.reasons import Reason


class ActionGate:
    """Checks size, finiteness, stamp and bounds of an incoming action of `size` entries."""

    def __init__(self, size: int, max_age_s: float, tolerance_s: float = 0.05) -> None:
        self._size = size
        self._max_age_ns = round(max_age_s * 1e9)
        self._tolerance_ns = round(tolerance_s * 1e9)

    def check(self, action: np.ndarray, stamp_ns: int, now_ns: int) -> tuple[np.ndarray, frozenset[Reason]] | Reason:
        """Return the action (A,) float32 inside [-1, 1] and what was altered, or the reason of its refusal."""
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused as that
            action = np.asarray(action, np.float32)
        if action.shape != (self._size,):
            return Reason.WRONG_SIZE
        if not np.isfinite(action).all():
            return Reason.NOT_FINITE
        age = now_ns - stamp_ns
        if age > self._max_age_ns:
            return Reason.STALE_COMMAND
        if age < -self._tolerance_ns:
            return Reason.FUTURE_COMMAND
        clipped = np.clip(action, -1.0, 1.0)
        return clipped, frozenset({Reason.CLIPPED} if (clipped != action).any() else ())
