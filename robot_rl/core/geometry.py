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

    @classmethod
    def of_matrix(cls, matrix: np.ndarray) -> Pose:
        """The pose of a homogeneous matrix (4, 4); its rotation is the nearest to the upper left (3, 3)."""
        (a, b, c), (d, e, f), (g, h, i) = matrix[:3, :3]
        # The rotation's quaternion is this matrix's eigenvector of the largest eigenvalue (Bar-Itzhack 2000).
        table = [
            [a + e + i, h - f, c - g, d - b],
            [h - f, a - e - i, b + d, c + g],
            [c - g, b + d, e - a - i, f + h],
            [d - b, c + g, f + h, i - a - e],
        ]
        quaternion = np.linalg.eigh(np.array(table))[1][:, -1]
        return cls(matrix[:3, 3], quaternion if quaternion[0] >= 0.0 else -quaternion)

    @property
    def matrix(self) -> np.ndarray:
        """The homogeneous matrix (4, 4): points of this frame to points of the frame it is given in."""
        w, x, y, z = self.quaternion
        whole = np.eye(4)
        whole[:3, :3] = [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
        whole[:3, 3] = self.position
        return whole

    def after(self, inner: Pose) -> Pose:
        """Pose in the outer frame of what has the pose `inner` in this one."""
        return Pose.of_matrix(self.matrix @ inner.matrix)

    def inverse(self) -> Pose:
        """Pose of the outer frame in this one."""
        return Pose.of_matrix(np.linalg.inv(self.matrix))


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


def rotated(quaternion: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Unit quaternion (4,) wxyz: `quaternion` turned by the rotation vector (3,) [rad] of the frame it is given in."""
    angle = float(np.linalg.norm(vector))
    if angle < 1e-12:
        return np.array(quaternion, np.float64)
    w, (x, y, z) = np.cos(angle / 2.0), np.sin(angle / 2.0) * np.asarray(vector, np.float64) / angle
    left = np.array([[w, -x, -y, -z], [x, w, -z, y], [y, z, w, -x], [z, -y, x, w]])
    turned: np.ndarray = left @ quaternion
    return turned / np.linalg.norm(turned)


def rotation_vector(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Rotation vector (3,) [rad], at most pi long, that `rotated` turns `start` into `end` with, both (4,) wxyz."""
    w, v, (a, b) = start[0], -start[1:], (end[0], end[1:])
    real, imaginary = a * w - b @ v, a * v + w * b + np.cross(b, v)
    if real < 0.0:
        real, imaginary = -real, -imaginary
    length = float(np.linalg.norm(imaginary))
    if length < 1e-12:
        return 2.0 * imaginary
    vector: np.ndarray = 2.0 * np.arctan2(length, real) * imaginary / length
    return vector
