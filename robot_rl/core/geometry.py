"""Poses as position [m] and unit quaternion (w, x, y, z), in a named frame given by context."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Pose:
    """Position (3,) [m] and unit quaternion (4,) wxyz of one frame in another."""

    position: np.ndarray
    quaternion: np.ndarray

    def __post_init__(self) -> None:
        for name, size in (("position", 3), ("quaternion", 4)):
            value = np.array(getattr(self, name), np.float64)
            if value.shape != (size,) or not np.isfinite(value).all():
                raise ValueError(f"Pose.{name} must be {size} finite numbers, got {getattr(self, name)}.")
            value.setflags(write=False)
            object.__setattr__(self, name, value)


def rotation_angle(a: np.ndarray, b: np.ndarray) -> float:
    """Angle [rad] of the rotation between unit quaternions `a` and `b` (4,) wxyz."""
    return float(2.0 * np.arccos(np.clip(abs(float(np.dot(a, b))), 0.0, 1.0)))


def turn_towards(start: np.ndarray, goal: np.ndarray, angle: float) -> np.ndarray:
    """Unit quaternion (4,) wxyz on the shortest way from `start` to `goal`, turned by at most `angle` [rad]."""
    goal = goal if np.dot(start, goal) >= 0.0 else -goal
    whole = rotation_angle(start, goal)
    if whole <= angle or whole < 1e-9:
        return goal
    share, half = angle / whole, whole / 2.0
    turned = (np.sin((1.0 - share) * half) * start + np.sin(share * half) * goal) / np.sin(half)
    unit: np.ndarray = turned / np.linalg.norm(turned)
    return unit
