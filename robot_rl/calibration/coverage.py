"""What a set of views has seen of a camera's picture, and which view is wanted next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from robot_rl.calibration.detect import View

COLUMNS, ROWS = 5, 4
"""Cells that the picture is divided into."""
TILT = 0.08
"""Relative difference of opposite sides that shows a tilt (perspective)."""
NEW = 0.15
"""Distance from every other view at which a view is worth taking."""
ENOUGH_CELLS = 0.85
SPREAD = 1.4
"""Ratio of the largest to the smallest size of the board that a set should have."""


@dataclass(frozen=True)
class Look:
    """How a view sees the board: centre (0 to 1 of the picture), size (share of its diagonal), tilt right and down."""

    x: float
    y: float
    size: float
    tilt_x: float
    tilt_y: float

    @classmethod
    def of(cls, view: View) -> Look:
        """From the corners of a view."""
        scale = np.array(view.size, float)
        centre = view.corners.mean(axis=0) / scale
        size = float(np.linalg.norm(np.ptp(view.corners, axis=0)) / np.linalg.norm(scale))
        return cls(float(centre[0]), float(centre[1]), size, *_tilt(view))

    def distance(self, other: Look) -> float:
        """How much two views differ."""
        here, there = (np.array([look.x, look.y, look.size, look.tilt_x, look.tilt_y]) for look in (self, other))
        return float(np.abs(here - there).sum())


class Coverage:
    """Where in the picture a set of views has seen corners, and from how different poses."""

    def __init__(self, size: tuple[int, int]) -> None:
        """`size` is width and height of the picture [px]."""
        self.size = size
        self.counts = np.zeros((ROWS, COLUMNS), int)
        self._looks: list[Look] = []

    @classmethod
    def of(cls, views: Sequence[View]) -> Coverage:
        """That of `views`, at least one."""
        whole = cls(views[0].size)
        for view in views:
            whole.add(view)
        return whole

    def take(self, view: View, distance: float = NEW) -> bool:
        """Count a view and return True where it is `distance` from every other; else leave it."""
        look = Look.of(view)
        new = all(look.distance(other) > distance for other in self._looks)
        if new:
            self.add(view)
        return new

    def add(self, view: View) -> None:
        """Count a view."""
        cells = np.floor(view.corners / np.array(self.size) * [COLUMNS, ROWS]).astype(int)
        cells = np.clip(cells, 0, [COLUMNS - 1, ROWS - 1])
        np.add.at(self.counts, (cells[:, 1], cells[:, 0]), 1)
        self._looks.append(Look.of(view))

    @property
    def share(self) -> float:
        """Share of the cells in which a corner was seen."""
        return float((self.counts > 0).mean())

    @property
    def wanted(self) -> str:
        """What to do next, as to a person; '' once everything has been seen."""
        looks = self._looks
        tilts = np.array([[look.tilt_x, look.tilt_y] for look in looks] or [[0.0, 0.0]])
        sizes = [look.size for look in looks] or [1.0]
        if self.share < ENOUGH_CELLS:
            row, column = np.argwhere(self.counts == 0)[0]
            return f"bring the board to the {_place(row, column)} of the picture"
        for axis, words in ((0, "about the vertical"), (1, "about the horizontal")):
            if np.ptp(tilts[:, axis]) < 2 * TILT:
                return f"tilt the board more {words}, to both sides"
        if max(sizes) < SPREAD * min(sizes):
            return "bring the board nearer, and farther away"
        return ""


def _tilt(view: View) -> tuple[float, float]:
    """Perspective of the view: relative change of scale from left to right and from top to bottom."""
    import cv2

    homography, _ = cv2.findHomography(view.points[:, :2], view.corners, 0)
    if homography is None:
        return 0.0, 0.0
    span = np.ptp(view.points[:, :2], axis=0)
    tilt = homography[2, :2] / homography[2, 2] * span
    return float(np.clip(tilt[0], -1, 1)), float(np.clip(tilt[1], -1, 1))


def _place(row: int, column: int) -> str:
    vertical = "top" if row == 0 else "bottom" if row == ROWS - 1 else ""
    horizontal = "left" if column < COLUMNS // 2 else "right" if column > COLUMNS // 2 else ""
    return " ".join(word for word in (vertical, horizontal) if word) or "middle"
