"""The way to an absolute target: as fast as may be, and at rest on arrival."""

from __future__ import annotations

import numpy as np


def approach(
    distance: np.ndarray, velocity: np.ndarray, top: np.ndarray, acceleration: np.ndarray, dt: float
) -> np.ndarray:
    """Velocity (N,) of the next tick of `dt` [s] that brings `distance` (N,) to zero, each entry by itself.

    At most `top`, from `velocity` within `acceleration` (all (N,)), and slow enough to stop at the target: the largest
    v with v dt + v^2 / (2 a) = distance.
    """
    step = acceleration * dt
    stopping = np.sqrt(step**2 + 2.0 * acceleration * np.abs(distance)) - step
    wanted = np.sign(distance) * np.minimum(stopping, top)
    result: np.ndarray = np.clip(wanted, velocity - step, velocity + step)
    return result
