"""Interpolation between commands, as a robot's own controller does it."""

from __future__ import annotations

import numpy as np


class Reference:
    """A set point (J,) that moves in a straight line to each command within one command period.

    Never faster than `speed` (J,); `velocity` is the feed-forward that goes with the last `advance`.
    """

    def __init__(self, value: np.ndarray, speed: np.ndarray, period: float) -> None:
        self._speed, self._period = np.asarray(speed, np.float64), period
        self.reset(value)

    def reset(self, value: np.ndarray) -> None:
        """Stand still at `value`."""
        self.value = np.array(value, np.float64)
        self.velocity = np.zeros_like(self.value)
        self._goal = self.value.copy()
        self._slope = np.zeros_like(self.value)

    def command(self, goal: np.ndarray) -> None:
        """Move towards `goal` from now on."""
        self._goal = np.array(goal, np.float64)
        self._slope = np.minimum(np.abs(self._goal - self.value) / self._period, self._speed)

    def advance(self, dt: float) -> None:
        """Move on by `dt` [s]."""
        step = np.clip(self._goal - self.value, -self._slope * dt, self._slope * dt)
        self.value += step
        self.velocity = step / dt
