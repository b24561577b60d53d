"""How sharp a picture of a board is."""

from __future__ import annotations

import cv2
import numpy as np

PROFILE = np.linspace(-1.0, 1.0, 41)
"""Where an edge is looked at across it, as a share of the reach."""
REACH = 0.4
"""How far across an edge, as a share of the square's side in the picture."""
FLAT = 0.04
"""Largest Laplacian over contrast below which a whole picture counts as blurred."""


def edge_width(grey: np.ndarray, columns: int, ids: np.ndarray, corners: np.ndarray) -> float:
    """Median width [px] of the edges between neighbouring corners: contrast over steepest slope.

    A sharp edge measures about 1 px, one blurred by a Gaussian of standard deviation s about 2.5 s. `columns` counts
    the corners of a row. Returns 0 where no two corners are neighbours.
    """
    start, end = _neighbours(columns, ids, corners)
    if not len(start):
        return 0.0
    along = end - start
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    at = 0.5 * (start + end)[:, None] + REACH * PROFILE[None, :, None] * across[:, None]
    lines = cv2.remap(grey, at[..., 0].astype(np.float32), at[..., 1].astype(np.float32), cv2.INTER_LINEAR)
    values = lines.astype(np.float64)
    spacing = REACH * (PROFILE[1] - PROFILE[0]) * np.linalg.norm(along, axis=1)
    slope = np.abs(values[:, 2:] - values[:, :-2]).max(axis=1) / (2.0 * spacing)
    contrast = np.ptp(values, axis=1)
    return float(np.median(contrast / np.maximum(slope, 1e-6)))


def looks_blurred(grey: np.ndarray) -> bool:
    """Whether a picture has no sharp edge anywhere (noise of single pixels does not count as one)."""
    smooth = cv2.GaussianBlur(grey, (0, 0), 1.5)
    contrast = max(float(np.ptp(np.percentile(smooth, [1, 99]))), 8.0)
    steepest = float(np.percentile(np.abs(cv2.Laplacian(smooth, cv2.CV_64F)), 99.9))
    return steepest / contrast < FLAT


def shortest_side(columns: int, ids: np.ndarray, corners: np.ndarray) -> float:
    """Shortest side of a square in the picture [px]; 0 where no two corners are neighbours."""
    start, end = _neighbours(columns, ids, corners)
    return float(np.linalg.norm(end - start, axis=1).min()) if len(start) else 0.0


def _neighbours(columns: int, ids: np.ndarray, corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both ends (m, 2) of every side between corners that are there."""
    where = {int(i): corner for i, corner in zip(ids, corners, strict=True)}
    pairs = [(where[i], where[i + step]) for i in where for step in _steps(i, columns) if i + step in where]
    ends = np.array(pairs).reshape(-1, 2, 2)
    return ends[:, 0], ends[:, 1]


def _steps(index: int, columns: int) -> tuple[int, ...]:
    """Steps in the ids to the right (not from the last of a row) and down."""
    return (columns,) if index % columns == columns - 1 else (1, columns)
