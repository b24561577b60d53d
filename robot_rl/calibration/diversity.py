"""Do the poses of a robot determine a hand-eye calibration? Reasons a person can act on where they do not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from robot_rl.core.errors import UsageError
from robot_rl.core.geometry import Pose, rotation_angle, rotation_vector

MIN_TURN = np.radians(10.0)
"""Largest turn between any two poses that a set must reach."""
MIN_SECOND = np.radians(5.0)
"""Turn about a second axis that a set must reach."""
SAME = (1e-3, np.radians(0.2))
"""Poses closer than this [m], [rad] count as one."""


class PosesTooAlike(UsageError):
    """The poses leave the camera's pose open; the message says which motion is missing."""


def check_diversity(poses: Sequence[Pose], minimum: int) -> None:
    """Raise PosesTooAlike unless there are `minimum` different poses, with turns about two axes at least.

    The camera's position follows from A X = X B only where rotations differ, and along a common axis of all of them
    it stays open (Tsai and Lenz 1989).
    """
    count = _different(poses)
    if count < minimum:
        raise PosesTooAlike(
            f"{count} different pose{'s' * (count != 1)} of the tcp: at least {minimum} are needed, three determine "
            "the answer and the others check it: move the arm to more."
        )
    vectors = np.array([rotation_vector(a.quaternion, b.quaternion) for i, a in enumerate(poses) for b in poses[:i]])
    most = float(np.linalg.norm(vectors, axis=1).max())
    if most < MIN_TURN:
        raise PosesTooAlike(
            f"the poses are almost pure translations (turned by {np.degrees(most):.1f} degrees at most, "
            f"{np.degrees(MIN_TURN):.0f} are needed): they leave the camera's position open: turn the tcp, too."
        )
    second = _second_axis(vectors)
    if second < MIN_SECOND:
        raise PosesTooAlike(
            f"all turns are about one axis (about a second one by {np.degrees(second):.1f} degrees, "
            f"{np.degrees(MIN_SECOND):.0f} are needed): the camera's position along that axis stays open: "
            "tilt the tcp about another axis, too."
        )


def _different(poses: Sequence[Pose]) -> int:
    distinct: list[Pose] = []
    for pose in poses:
        if all(
            np.linalg.norm(pose.position - other.position) > SAME[0]
            or rotation_angle(pose.quaternion, other.quaternion) > SAME[1]
            for other in distinct
        ):
            distinct.append(pose)
    return len(distinct)


def _second_axis(vectors: np.ndarray) -> float:
    """Largest turn [rad] across the axis that most of the turning is about."""
    axis = np.linalg.eigh(vectors.T @ vectors)[1][:, -1]
    across = vectors - np.outer(vectors @ axis, axis)
    return float(np.linalg.norm(across, axis=1).max())
