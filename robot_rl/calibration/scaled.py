"""Intrinsics of a picture that was cropped, resized and turned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from robot_rl.calibration.camera_info import CameraIntrinsics
from robot_rl.core.errors import UsageError

TURNABLE = 8
"""Coefficients of plumb_bob and rational_polynomial that have an image direction are the 3rd and 4th; of larger models
more have."""


def scaled(
    intrinsics: CameraIntrinsics, crop: tuple[int, int, int, int], size: tuple[int, int], rotation: int
) -> CameraIntrinsics:
    """Intrinsics after a crop (x, y, width, height) [px], a turn clockwise by `rotation`, at `size` (width, height).

    Pixel centres are whole numbers. The optical frame turns with the picture: x stays to its right and y downwards.
    Raises UsageError where a turn would have to change a distortion model that it cannot.
    """
    x, y, width, height = crop
    across, along = size if rotation % 180 == 0 else size[::-1]
    pixels = _scale(across / width, along / height) @ _shift(-x, -y)
    for _ in range(rotation // 90 % 4):
        pixels, across, along = _quarter(along - 1.0) @ pixels, along, across
    turn = np.linalg.matrix_power(_quarter(0.0), rotation // 90 % 4)
    back = np.eye(4)
    back[:3, :3] = turn.T
    return replace(
        intrinsics,
        image_width=size[0],
        image_height=size[1],
        camera_matrix=pixels @ intrinsics.camera_matrix @ turn.T,
        distortion=_turned(intrinsics, rotation // 90 % 4),
        rectification_matrix=turn @ intrinsics.rectification_matrix @ turn.T,
        projection_matrix=pixels @ intrinsics.projection_matrix @ back,
    )


def _shift(x: float, y: float) -> np.ndarray:
    return np.array([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])


def _scale(x: float, y: float) -> np.ndarray:
    """About the upper left corner of the picture, which is half a pixel from the first pixel's centre."""
    return _shift(-0.5, -0.5) @ np.diag([x, y, 1.0]) @ _shift(0.5, 0.5)


def _quarter(last: float) -> np.ndarray:
    """A quarter turn clockwise of pixels whose last row is `last`, or of directions for 0."""
    return np.array([[0.0, -1.0, last], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])


def _turned(intrinsics: CameraIntrinsics, quarters: int) -> np.ndarray:
    """Distortion coefficients after a turn: (p2, p1) is a direction in the picture, all others are radial."""
    values = intrinsics.distortion.copy()
    if quarters == 0 or not np.any(values) or intrinsics.distortion_model == "equidistant":
        return values
    if intrinsics.distortion_model not in ("plumb_bob", "rational_polynomial") or len(values) > TURNABLE:
        raise UsageError(
            f"camera '{intrinsics.camera_name}': distortion model '{intrinsics.distortion_model}' with {len(values)} "
            "coefficients cannot be turned: calibrate with plumb_bob, or set rotation to 0."
        )
    for _ in range(quarters):
        values[2], values[3] = values[3], -values[2]
    return values
