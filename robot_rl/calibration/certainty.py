"""How sure intrinsics are, from the errors that are left.

OpenCV's own figures are a pseudo-inverse's: where views do not determine the camera they are small instead of large.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from robot_rl.calibration.detect import View
from robot_rl.calibration.refine import without_each

OF_POSE = 6
"""Columns of the derivative by a view's own pose, which come first in OpenCV's Jacobian."""
FOCAL_AND_CENTRE = 4
"""Columns of fx, fy, cx, cy, which come next; then the distortion."""


def standard_deviations(
    views: Sequence[View],
    matrix: np.ndarray,
    distortion: np.ndarray,
    turns: Sequence[np.ndarray],
    shifts: Sequence[np.ndarray],
    free: int,
) -> np.ndarray:
    """Standard deviations (4,) of fx, fy, cx, cy [px] of a fit with `free` parameters beside the views' poses.

    The larger one of two: from the corners' spread, as if they were independent, and the jackknife's over views. Not
    finite where the views leave them open.
    """
    slopes, errors = [], []
    for view, turn, shift in zip(views, turns, shifts, strict=True):
        pixels, jacobian = cv2.projectPoints(view.points, turn, shift, matrix, distortion)
        own, common = jacobian[:, :OF_POSE], jacobian[:, OF_POSE : OF_POSE + free]
        # What a view's own pose can take up says nothing of the camera.
        basis = np.linalg.qr(own)[0]
        error = (pixels[:, 0] - view.corners).ravel()
        slopes.append(common - basis @ (basis.T @ common))
        errors.append(error - basis @ (basis.T @ error))
    slope, error = np.concatenate(slopes), np.concatenate(errors)
    scale = np.linalg.norm(slope, axis=0)
    if not (scale > 0.0).all():
        return np.full(FOCAL_AND_CENTRE, np.inf)
    normal = (slope / scale).T @ (slope / scale)
    spare = len(error) - free - OF_POSE * len(views)
    if spare <= 0 or np.linalg.cond(normal) > 1e14:
        return np.full(FOCAL_AND_CENTRE, np.inf)
    by_corner = np.sqrt(error @ error / spare * np.diag(np.linalg.inv(normal))) / scale
    changes, count = without_each(errors, slope / scale) / scale, len(views)
    by_view = np.sqrt((count - 1) / count * np.sum((changes - changes.mean(axis=0)) ** 2, axis=0))
    whole: np.ndarray = np.maximum(by_corner, by_view)[:FOCAL_AND_CENTRE]
    return whole
