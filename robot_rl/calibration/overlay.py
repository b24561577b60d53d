"""Drawings on pictures for a person: found corners, coverage, projected board and tcp."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from robot_rl.calibration.camera_info import CameraIntrinsics
from robot_rl.calibration.coverage import COLUMNS, ROWS, Coverage
from robot_rl.calibration.detect import View
from robot_rl.calibration.pose import project
from robot_rl.core.geometry import Pose

GREEN, RED, YELLOW, WHITE, BLACK = (60, 220, 60), (255, 60, 60), (255, 220, 40), (255, 255, 255), (0, 0, 0)
AXES = ((RED, (1, 0, 0)), (GREEN, (0, 1, 0)), ((80, 120, 255), (0, 0, 1)))


def guidance(image: np.ndarray, coverage: Coverage, view: View | None, said: str) -> np.ndarray:
    """Copy of `image` with the cells that lack corners darkened, the corners of `view`, and a sentence."""
    drawn = image.copy()
    rows = np.linspace(0, image.shape[0], ROWS + 1).astype(int)
    columns = np.linspace(0, image.shape[1], COLUMNS + 1).astype(int)
    for row, column in np.argwhere(coverage.counts == 0):
        cell = drawn[rows[row] : rows[row + 1], columns[column] : columns[column + 1]]
        cell[:] = (cell * 0.55).astype(np.uint8)
    if view is not None:
        dots(drawn, view.corners, GREEN)
    return caption(drawn, said)


def comparison(image: np.ndarray, seen: np.ndarray, projected: np.ndarray, said: str) -> np.ndarray:
    """Copy of `image` with corners as found (green) and as projected (red), and a sentence."""
    drawn = image.copy()
    dots(drawn, seen, GREEN)
    dots(drawn, projected, RED)
    return caption(drawn, said)


def axes(image: np.ndarray, frame: Pose, intrinsics: CameraIntrinsics, length: float = 0.04) -> None:
    """Draw the axes (x red, y green, z blue) of `frame`, a pose in the camera's optical frame, into `image`."""
    tips = project(np.array([(0, 0, 0), *(axis for _, axis in AXES)]) * length, frame, intrinsics)
    if not np.isfinite(tips).all():
        return
    for (colour, _), tip in zip(AXES, tips[1:], strict=True):
        cv2.line(image, _point(tips[0]), _point(tip), colour, 2, cv2.LINE_AA)
    cv2.circle(image, _point(tips[0]), 5, YELLOW, 1, cv2.LINE_AA)


def dots(image: np.ndarray, pixels: np.ndarray, colour: Sequence[int]) -> None:
    """Draw small circles at `pixels` (n, 2) into `image`."""
    for pixel in pixels[np.isfinite(pixels).all(axis=1)]:
        cv2.circle(image, _point(pixel), 3, colour, 1, cv2.LINE_AA)


def caption(image: np.ndarray, text: str) -> np.ndarray:
    """Write `text` along the lower edge of `image`, which is returned."""
    scale = max(0.35, image.shape[1] / 1280)
    for colour, width in ((BLACK, 3), (WHITE, 1)):
        cv2.putText(image, text, (6, image.shape[0] - 8), cv2.FONT_HERSHEY_SIMPLEX, scale, colour, width, cv2.LINE_AA)
    return image


def _point(pixel: np.ndarray) -> tuple[int, int]:
    x, y = np.clip(np.round(pixel), -10_000, 10_000).astype(int).tolist()
    return x, y
