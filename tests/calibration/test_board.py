"""Boards: what ships is what its files say, on paper too, and a board that cannot be is refused."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from robot_rl.calibration.board import load_board, shipped_boards
from robot_rl.calibration.printing import INCH, framed, write_pdf, write_png
from robot_rl.core.errors import UsageError

BOARDS = shipped_boards()


@pytest.mark.parametrize("name", BOARDS)
def test_the_picture_that_ships_is_the_board(name: str) -> None:
    board, shipped = load_board(name), cv2.imread(str(BOARDS[name].with_suffix(".png")), cv2.IMREAD_GRAYSCALE)
    pixels = round(board.config.square / INCH * 300)
    np.testing.assert_array_equal(shipped, framed(board.picture(pixels), pixels // 2))


@pytest.mark.parametrize("name", BOARDS)
def test_the_pdf_that_ships_is_the_boards(name: str, tmp_path: Path) -> None:
    write_pdf(load_board(name), tmp_path / "board.pdf")
    page = re.compile(rb"/MediaBox \[ ([\d. ]+) \]")
    ours, shipped = ((path.read_bytes()) for path in (tmp_path / "board.pdf", BOARDS[name].with_suffix(".pdf")))
    size = [float(number) for number in page.search(shipped).group(1).split()]
    assert size[2:] == pytest.approx([0.297 / INCH * 72, 0.210 / INCH * 72], abs=0.1), "an A4 page"
    assert len(ours) == pytest.approx(len(shipped), rel=0.1)


def test_a_pdf_shows_the_board_at_its_true_size(tmp_path: Path) -> None:
    import zlib

    board = load_board("charuco_7x5_30")
    write_pdf(board, tmp_path / "board.pdf")
    streams = re.findall(rb"stream\r?\n(.*?)endstream", (tmp_path / "board.pdf").read_bytes(), re.S)
    texts = []
    for stream in streams:
        try:
            texts.append(zlib.decompress(stream))
        except zlib.error:
            continue
    # How wide the picture becomes, then how high: the matrices before /I1 is drawn.
    found = [re.search(rb"cm ([\d.]+) 0 0\s+-[\d.]+ 0 ([\d.]+) cm /I1 Do", text) for text in texts]
    sizes = [(float(match[1]), float(match[2])) for match in found if match]
    wanted = tuple(side / INCH * 72 for side in board.size)
    assert len(sizes) == 1 and sizes[0] == pytest.approx(wanted, rel=1e-6)


def test_a_png_tells_its_resolution(tmp_path: Path) -> None:
    board = load_board("charuco_5x4_20")
    write_png(board, tmp_path / "board.png", dpi=300)
    data = (tmp_path / "board.png").read_bytes()
    at = data.index(b"pHYs") + 4
    per_metre = int.from_bytes(data[at : at + 4], "big")
    pixels = cv2.imread(str(tmp_path / "board.png")).shape[1] / (board.config.columns + 1)
    assert pixels / per_metre == pytest.approx(board.config.square, rel=2e-3)


def test_paper_that_is_too_small_is_refused(tmp_path: Path) -> None:
    (tmp_path / "big.yaml").write_text("{columns: 12, rows: 9, square: 0.03, marker: 0.02, dictionary: 5X5_100}")
    with pytest.raises(UsageError, match="takes 370 x 290 mm with its margins, a4 has 297 x 210 mm"):
        write_pdf(load_board(str(tmp_path / "big.yaml")), tmp_path / "board.pdf")
    write_pdf(load_board(str(tmp_path / "big.yaml")), tmp_path / "board.pdf", "a3")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{columns: 7, rows: 5, square: 0.03, marker: 0.03}", "marker is 0.03 m in squares of 0.03 m"),
        ("{columns: 7, rows: 5, square: 0.03}", "marker is 0 m"),
        ("{columns: 20, rows: 20, square: 0.01, marker: 0.008}", "needs 200 markers, dictionary 4X4_50 has 50"),
        ("{columns: 7, rows: 5}", "lacks the key 'square'"),
        ("{columns: 7, rows: 5, square: 30}", "square is 30.0, outside .0.001, 1. m"),
        ("{columns: 7, rows: 5, square: 0.03, kind: circles}", "not one of charuco, chessboard"),
        ("{columns: 7, rows: 5, square: 0.03, dictionary: 9X9}", "not one of 4X4_50"),
        ("{columns: [", "is not valid YAML"),
    ],
)
def test_a_board_that_cannot_be_is_refused(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(UsageError, match=says):
        load_board(str(tmp_path / "mine.yaml"))
