"""A board in a picture: its corners to sub-pixel, or the reason why it is not there."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from robot_rl.calibration.board import Board, dictionary
from robot_rl.calibration.sharpness import edge_width, looks_blurred, shortest_side
from robot_rl.core.errors import UsageError

MIN_CORNERS = 6
"""Corners that make a view; fewer leave a pose without a check."""
OFF_GRID = 0.2
"""Share of a square by which corners may leave a plane's perspective (lenses bend it) before the board is another."""
MAX_EDGE = 6.0
"""Widest edge between black and white [px] that still gives good corners: a blur of about 2.4 px."""

CLEAR, WINDOW = 0.6, (2, 6)
"""Share of the way from a corner to the nearest marker that is looked at, and least and most of it [px]."""


class BoardNotFound(UsageError):
    """A picture without a usable view of the board; the message says why."""


@dataclass(frozen=True)
class View:
    """The board in one picture."""

    name: str
    """What the picture is called: its file, or its number."""
    size: tuple[int, int]
    """Width and height of the picture [px]."""
    ids: np.ndarray
    """Corner ids (n,)."""
    corners: np.ndarray
    """Where they are in the picture (n, 2) [px]; the centre of the first pixel is (0, 0)."""
    points: np.ndarray
    """Where they are on the board (n, 3) [m]."""
    edge: float
    """Width of the edges between black and white [px]."""


class BoardDetector:
    """Finds one board in pictures."""

    def __init__(self, board: Board, max_edge: float = MAX_EDGE) -> None:
        self.board, self._max_edge = board, max_edge
        config = board.config
        self._inner = (config.columns - 1, config.rows - 1)
        self._charuco = cv2.aruco.CharucoDetector(board.charuco) if config.kind == "charuco" else None

    def find(self, image: np.ndarray, name: str = "picture") -> View:
        """The board in `image`, uint8 (H, W, 3) RGB or (H, W); BoardNotFound says why it is not usable."""
        grey = np.ascontiguousarray(image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
        ids, corners = self._charuco_corners(grey, name) if self._charuco else self._chessboard_corners(grey, name)
        points = self.board.corners[ids]
        self._check_plane(points, corners, name)
        edge = edge_width(grey, self.board.config.columns - 1, ids, corners)
        if edge > self._max_edge:
            raise BoardNotFound(
                f"{name} is blurred: edges are {edge:.1f} px wide, at most {self._max_edge:g} px give good corners: "
                "hold board and camera still, focus, or shorten the exposure."
            )
        return View(name, (grey.shape[1], grey.shape[0]), ids, corners, points, edge)

    def _charuco_corners(self, grey: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
        assert self._charuco is not None
        corners, ids, _, markers = self._charuco.detectBoard(grey)
        seen = np.array([], int) if markers is None else markers.ravel()
        if seen.size and seen.max() >= self.board.markers:
            raise BoardNotFound(
                f"{name} shows marker {seen.max()}, {self.board} has markers 0 to {self.board.markers - 1}: "
                "name the board that is in the picture."
            )
        if ids is None or len(ids) < MIN_CORNERS:
            count = 0 if ids is None else len(ids)
            raise BoardNotFound(f"{name} {_why_no_charuco(grey, self.board, len(seen), count)}")
        found = ids.ravel().astype(int)
        return found, self._refined(grey, found, corners)

    def _refined(self, grey: np.ndarray, ids: np.ndarray, corners: np.ndarray) -> np.ndarray:
        """Corners (n, 2) by a window that keeps off the markers; OpenCV's own may reach into them, by 0.4 px."""
        config = self.board.config
        side = shortest_side(self._inner[0], ids, corners.reshape(-1, 2))
        reach = int(np.clip(CLEAR * side * (config.square - config.marker) / 2 / config.square, *WINDOW))
        stop = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 50, 1e-4)
        fine = cv2.cornerSubPix(grey, corners.astype(np.float32).reshape(-1, 1, 2), (reach, reach), (-1, -1), stop)
        return np.asarray(fine.reshape(-1, 2), np.float64)

    def _chessboard_corners(self, grey: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
        found, corners = cv2.findChessboardCornersSB(grey, self._inner, flags=cv2.CALIB_CB_ACCURACY)
        if not found:
            raise BoardNotFound(f"{name} {_why_no_chessboard(grey, self._inner)}")
        corners = _first_is_black(grey, corners.reshape(-1, 2).astype(np.float64), self._inner)
        return np.arange(len(corners)), corners

    def _check_plane(self, points: np.ndarray, corners: np.ndarray, name: str) -> None:
        """BoardNotFound where the corners do not lie on this board's grid."""
        homography, _ = cv2.findHomography(points[:, :2], corners, 0)
        square = self.board.config.square
        scale = np.linalg.norm(np.ptp(corners, axis=0)) / np.linalg.norm(np.ptp(points[:, :2], axis=0)) * square
        if homography is not None:
            fitted = cv2.perspectiveTransform(points[:, None, :2], homography)[:, 0]
            off = float(np.sqrt(np.mean(np.sum((fitted - corners) ** 2, axis=1))))
        if homography is None or off > OFF_GRID * scale:
            raise BoardNotFound(
                f"{name} shows markers that do not lie as on the {self.board}: check its columns, rows and dictionary."
            )


def _why_no_charuco(grey: np.ndarray, board: Board, markers: int, corners: int) -> str:
    if looks_blurred(grey):
        return "is blurred, no board can be found in it: hold board and camera still, focus, or shorten the exposure."
    if markers:
        return f"shows {corners} corners of the board, at least {MIN_CORNERS} are needed: bring more of it into view."
    for bits in (4, 5, 6, 7):
        name = f"{bits}X{bits}_1000"
        _, ids, _ = cv2.aruco.ArucoDetector(dictionary(name)).detectMarkers(grey)
        if ids is not None and len(ids) >= 4 and not board.config.dictionary.startswith(f"{bits}X"):
            return f"shows {len(ids)} markers of {bits}x{bits} bits, not those of the {board}: name that board."
    return f"shows no marker of the {board}: bring it into view, evenly lit."


def _why_no_chessboard(grey: np.ndarray, inner: tuple[int, int]) -> str:
    if looks_blurred(grey):
        return "is blurred, no board can be found in it: hold board and camera still, focus, or shorten the exposure."
    flags = cv2.CALIB_CB_LARGER
    found, _, meta = cv2.findChessboardCornersSBWithMeta(grey, (3, 3), flags)
    if found and meta is not None and {*meta.shape[:2]} != {*inner}:
        rows, columns = meta.shape[:2]
        return (
            f"shows a chessboard of {columns + 1} x {rows + 1} squares, not of {inner[0] + 1} x {inner[1] + 1}: "
            "bring all of it into view, or name that board."
        )
    return f"shows no chessboard of {inner[0] + 1} x {inner[1] + 1} squares: bring all of it into view, evenly lit."


def _first_is_black(grey: np.ndarray, corners: np.ndarray, inner: tuple[int, int]) -> np.ndarray:
    """The corners, turned by half a turn where the board's upper left square (black) is at their end."""
    grid = corners.reshape(inner[1], inner[0], 2)

    def brightness(corner: np.ndarray, right: np.ndarray, down: np.ndarray) -> float:
        at = corner - 0.5 * (right - corner) - 0.5 * (down - corner)
        x, y = np.clip(np.round(at).astype(int), 0, [grey.shape[1] - 1, grey.shape[0] - 1])
        return float(grey[y, x])

    first = brightness(grid[0, 0], grid[0, 1], grid[1, 0])
    last = brightness(grid[-1, -1], grid[-1, -2], grid[-2, -1])
    return corners[::-1].copy() if last < first and (sum(inner) % 2 == 1) else corners
