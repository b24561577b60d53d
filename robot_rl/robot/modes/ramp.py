"""Displacement per step as a velocity that ramps from the last action's to the next one's."""

from __future__ import annotations

import numpy as np

RAMP_S = 0.08
"""Time in which the reference velocity goes from the last action's to the next one's [s]."""


class Ramp:
    """Reference velocity (N,): linear from `start` to `goal` within RAMP_S, constant afterwards.

    The displacement is linear in `goal`, so it can be inverted.
    """

    def __init__(self, start: np.ndarray, goal: np.ndarray) -> None:
        self._start, self._goal = np.asarray(start, np.float64), np.asarray(goal, np.float64)
        self._time = self._weight = 0.0

    def next(self, dt: float) -> np.ndarray:
        """Velocity (N,) of the next tick of `dt` [s]."""
        self._time += dt
        share = min(1.0, self._time / RAMP_S)
        self._weight += share * dt
        return (1.0 - share) * self._start + share * self._goal

    def goal_for(self, deviation: np.ndarray) -> np.ndarray:
        """The goal (N,) that would have led where the reference missed by `deviation` (N,) is; 0 before any tick."""
        if self._weight == 0.0:
            return np.zeros_like(self._goal)
        return self._goal + deviation / self._weight
