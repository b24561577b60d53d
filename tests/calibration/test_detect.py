"""Boards in pictures: corners to sub-pixel, and for each picture that is of no use the reason."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from robot_rl.calibration.board import Board, load_board
from robot_rl.calibration.detect import BoardDetector, BoardNotFound
from robot_rl.calibration.printing import framed

PIXELS = 48
CORNERS = np.float32([[0, 0], [1, 0], [1, 1], [0, 1]])
SEEN = np.float32([[90, 70], [540, 40], [560, 420], [70, 400]])


def picture(board: Board, blur: float = 0.0, turned: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """The board seen at a slant on grey, uint8 (480, 640, 3), and where its corners are (N, 2)."""
    flat = framed(board.picture(PIXELS), PIXELS // 2)
    seen = np.roll(SEEN, 2, axis=0) if turned else SEEN
    there = cv2.getPerspectiveTransform(CORNERS * np.float32(flat.shape[::-1]) - 0.5, seen)
    grey = cv2.warpPerspective(flat, there, (640, 480), flags=cv2.INTER_AREA, borderValue=110)
    grey = cv2.GaussianBlur(grey, (0, 0), blur) if blur else grey
    on_print = board.corners[:, :2] / board.config.square * PIXELS + PIXELS // 2 - 0.5
    return np.repeat(grey[..., None], 3, axis=2), cv2.perspectiveTransform(on_print[:, None], there)[:, 0]


def changed(board: Board, **changes: object) -> Board:
    return Board(dataclasses.replace(board.config, **changes), "other")


@pytest.mark.parametrize("name", ["charuco_7x5_30", "charuco_5x4_20", "chessboard_9x6_25"])
@pytest.mark.parametrize("turned", [False, True])
def test_corners_are_found_where_they_are(name: str, turned: bool) -> None:
    board = load_board(name)
    image, corners = picture(board, blur=0.6, turned=turned)
    view = BoardDetector(board).find(image)
    assert len(view.ids) == len(board.corners)
    assert np.abs(view.corners - corners[view.ids]).max() < 0.15
    assert view.points == pytest.approx(board.corners[view.ids])
    assert view.size == (640, 480)


@pytest.mark.parametrize("name", ["charuco_7x5_30", "chessboard_9x6_25"])
def test_blur_is_measured_and_refused(name: str) -> None:
    board = load_board(name)
    edges = [BoardDetector(board).find(picture(board, blur=blur)[0]).edge for blur in (0.5, 1.0, 2.0)]
    assert edges == sorted(edges) and edges[2] > 1.5 * edges[0]
    for blur in (4.0, 15.0):
        with pytest.raises(BoardNotFound, match=r"wide\.png is blurred.*hold board and camera still"):
            BoardDetector(board).find(picture(board, blur=blur)[0], "wide.png")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"dictionary": "5X5_100"}, "not those of the charuco 'other'.* name that board"),
        ({"columns": 5, "rows": 4}, "shows marker 16, .* has markers 0 to 9"),
        ({"columns": 9, "rows": 5}, "do not lie as on the|corners of the board, at least"),
        ({"kind": "chessboard"}, "shows no chessboard of 7 x 5 squares|chessboard of"),
    ],
)
def test_another_board_is_told(board: Board, change: dict, says: str) -> None:
    with pytest.raises(BoardNotFound, match=says):
        BoardDetector(changed(board, **change)).find(picture(board)[0])


def test_a_chessboard_of_another_size_is_told() -> None:
    board = load_board("chessboard_9x6_25")
    with pytest.raises(BoardNotFound, match="shows a chessboard of 9 x 6 squares, not of 8 x 7"):
        BoardDetector(changed(board, columns=8, rows=7)).find(picture(board)[0])


def test_too_little_of_a_board_is_told(board: Board) -> None:
    image = picture(board)[0]
    image[:, 200:] = 110
    with pytest.raises(BoardNotFound, match="corners of the board, at least 6 are needed"):
        BoardDetector(board).find(image)


def noise(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 255, (480, 640, 3)).astype(np.uint8)


@pytest.mark.parametrize("make", [noise, lambda rng: np.zeros((480, 640, 3), np.uint8)])
@pytest.mark.parametrize("name", ["charuco_7x5_30", "chessboard_9x6_25"])
def test_a_picture_without_a_board_is_told(name: str, make: Callable) -> None:
    with pytest.raises(BoardNotFound, match="no marker of|no chessboard of|is blurred"):
        BoardDetector(load_board(name)).find(make(np.random.default_rng(0)))
