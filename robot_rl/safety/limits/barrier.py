"""Barriers: distances that must not become negative, as rows of the QP that leave room to stop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robot_rl.safety.limits.braking import brake, stop_displacement
from robot_rl.safety.reasons import Reason

BUFFER = 1e-3
"""Distance [m or rad] from a barrier at which the rows end an approach, for what their linearisation misses."""
RETURN = 5e-4
"""Way [m or rad] that the rows ask for, per tick, back out of the buffer or from outside."""
GENTLE = 0.5
"""Share of the acceleration limit with which a barrier is approached; the rest is left for a stop."""


@dataclass(frozen=True)
class Barriers:
    """Distances (m,) [m or rad], positive inside, their gradients (m, J) by joint position, and whose they are."""

    distance: np.ndarray
    gradient: np.ndarray
    reasons: tuple[Reason, ...]

    @classmethod
    def joined(cls, *parts: Barriers) -> Barriers:
        """All barriers of all parts."""
        distance, gradient = (np.concatenate([getattr(p, name) for p in parts]) for name in ("distance", "gradient"))
        return cls(distance, gradient, sum((part.reasons for part in parts), ()))


@dataclass(frozen=True)
class Rows:
    """Linear limits of the next joint velocity: matrix (m, J) dq <= upper (m,)."""

    matrix: np.ndarray
    upper: np.ndarray
    reasons: tuple[Reason, ...]

    def __add__(self, other: Rows) -> Rows:
        """All rows of both."""
        matrix, upper = np.concatenate([self.matrix, other.matrix]), np.concatenate([self.upper, other.upper])
        return Rows(matrix, upper, self.reasons + other.reasons)

    def hold(self, dq: np.ndarray) -> bool:
        """True where `dq` (J,) obeys all rows."""
        return bool((self.matrix @ dq <= self.upper).all())


def braking_rows(barriers: Barriers, dq: np.ndarray, acceleration: np.ndarray, dt: float, full: np.ndarray) -> Rows:
    """Rows that keep the way to standstill (one tick, then braking) short of every barrier.

    The way that a joint still goes is convex in its velocity, and linear between full brake and full acceleration up
    to one tick's worth; the steeper slope is taken where the joint approaches. `full`, the full brake, satisfies
    every row by construction, also outside a barrier: no barrier can contradict the acceleration limit, nor another
    barrier. Outside, and in a thin buffer before the barrier, a robot that moves is led slowly back.
    """
    gentle = GENTLE * acceleration
    stopping = brake(dq, gentle, dt)
    ticks = np.floor(np.abs(dq) / (gentle * dt))
    approach = -barriers.gradient
    slope = np.where(approach * dq > 0.0, ticks + 2.0, np.maximum(ticks, 1.0)) * dt
    matrix = approach * slope
    way = approach @ stop_displacement(dq, gentle, dt)
    upper = np.maximum(barriers.distance - BUFFER, -RETURN) - way + matrix @ stopping
    return Rows(matrix, np.maximum(upper, matrix @ full), barriers.reasons)
