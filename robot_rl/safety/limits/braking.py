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


def stop_ticks(dq: np.ndarray, acceleration: np.ndarray, dt: float) -> int:
    """Ticks of motion when the next one has velocity `dq` (J,) and the robot brakes after it."""
    return int((np.abs(dq) / (acceleration * dt)).max()) + 1


def stop_path(dq: np.ndarray, acceleration: np.ndarray, dt: float, ticks: np.ndarray) -> np.ndarray:
    """Displacement (K, J) of each joint at the end of the given `ticks` (K, 1): 1 is the one with velocity `dq`."""
    speed, step = np.abs(dq), acceleration * dt
    moving = np.minimum(ticks, np.floor(speed / step) + 1.0)
    path: np.ndarray = np.copysign(moving * (speed - 0.5 * step * (moving - 1.0)) * dt, dq)
    return path


def stop_speeds(dq: np.ndarray, acceleration: np.ndarray, dt: float, ticks: int) -> np.ndarray:
    """Velocities (`ticks`, J) of the ticks of `stop_path`, the first of which is `dq` (J,)."""
    speeds = np.maximum(np.abs(dq) - np.arange(ticks)[:, None] * (acceleration * dt), 0.0)
    signed: np.ndarray = np.copysign(speeds, dq)
    return signed
