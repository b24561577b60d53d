"""Stopping: how every joint brakes, how far it gets meanwhile, and the speed from which a stop still fits."""

from __future__ import annotations

import numpy as np


def braking_speed(distance: np.ndarray, acceleration: np.ndarray, dt: float) -> np.ndarray:
    """Largest speed of the next tick of `dt` [s] from which a stop within `distance` is still possible.

    Solves v dt + v^2 / (2 a) = d for v; elementwise, never negative. Units follow those of the arguments.
    """
    step = acceleration * dt
    return np.sqrt(step**2 + 2.0 * acceleration * np.maximum(distance, 0.0)) - step


def brake(dq: np.ndarray, acceleration: np.ndarray, dt: float) -> np.ndarray:
    """The next velocity (J,) on the shortest way to standstill: every joint for itself, as fast as it may."""
    reach = acceleration * dt
    slower: np.ndarray = dq - np.minimum(np.maximum(dq, -reach), reach)
    return slower


def stop_displacement(dq: np.ndarray, acceleration: np.ndarray, dt: float) -> np.ndarray:
    """Displacement (J,) of each joint during the ticks that `brake` takes from velocity `dq` (J,) to standstill."""
    speed, step = np.abs(dq), acceleration * dt
    ticks = np.floor(speed / step)
    return np.copysign((ticks * speed - 0.5 * step * ticks * (ticks + 1.0)) * dt, dq)


def stop_path(q: np.ndarray, dq: np.ndarray, acceleration: np.ndarray, dt: float) -> np.ndarray:
    """Configurations (K, J) after each tick: the first with velocity `dq` from `q`, then braking until standstill."""
    step = acceleration * dt
    ticks = int(np.max(np.abs(dq) / step)) + 1
    speeds = np.maximum(np.abs(dq) - np.arange(ticks)[:, None] * step, 0.0)
    path: np.ndarray = q + np.cumsum(np.copysign(speeds, dq), axis=0) * dt
    return path
