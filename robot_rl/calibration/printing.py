"""Boards on paper: PDF at true scale, PNG with its resolution."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from robot_rl.calibration.board import Board
from robot_rl.core.errors import UsageError

PAPERS = {"a4": (0.297, 0.210), "a3": (0.420, 0.297), "letter": (0.2794, 0.2159)}
"""Width and height in landscape [m]."""
MARGIN = 0.005
"""What printers leave white at least [m]."""
RULER = 0.1
INCH = 0.0254


def write_pdf(board: Board, path: Path, paper: str = "a4") -> None:
    """A page with the board at true scale, its data, and a ruler to check the print by; UsageError if it is too big."""
    import matplotlib.figure

    width, height = PAPERS[paper]
    room = (board.size[0] + 2 * MARGIN, board.size[1] + 4 * MARGIN)
    if room[0] > width or room[1] > height:
        raise UsageError(
            f"{board} takes {room[0] * 1e3:.0f} x {room[1] * 1e3:.0f} mm with its margins, {paper} has "
            f"{width * 1e3:.0f} x {height * 1e3:.0f} mm: take larger paper or smaller squares."
        )
    figure = matplotlib.figure.Figure(figsize=(width / INCH, height / INCH))
    left, bottom = (width - board.size[0]) / 2, (height - board.size[1]) / 2 + MARGIN
    axes = figure.add_axes((left / width, bottom / height, board.size[0] / width, board.size[1] / height))
    axes.imshow(board.picture(60), cmap="gray", vmin=0, vmax=255, interpolation="none", aspect="auto")
    axes.set_axis_off()
    foot = bottom - 1.5 * MARGIN
    text = f"{board}; print at 100 %, the line is {RULER * 1e3:.0f} mm long"
    figure.text(left / width, foot / height, text, fontsize=7, va="top")
    line = np.array([left, left + RULER]) / width
    figure.add_artist(_line(line, (foot + 0.4 * MARGIN) / height))
    figure.savefig(path, format="pdf", metadata={"CreationDate": None})


def write_png(board: Board, path: Path, dpi: int = 300) -> None:
    """The board alone with a white margin of half a square, at about `dpi` (a square is whole pixels)."""
    import matplotlib.image

    pixels = max(8, round(board.config.square / INCH * dpi))
    true_dpi = pixels * INCH / board.config.square
    picture, metadata = framed(board.picture(pixels), pixels // 2), {"Software": ""}
    matplotlib.image.imsave(path, picture, cmap="gray", vmin=0, vmax=255, dpi=true_dpi, metadata=metadata)


def framed(picture: np.ndarray, margin: int) -> np.ndarray:
    """A picture with `margin` white pixels around it."""
    return np.pad(picture, margin, constant_values=255)


def _line(x: np.ndarray, y: float) -> Any:
    from matplotlib.lines import Line2D

    return Line2D(x, [y, y], color="black", linewidth=1, solid_capstyle="butt")
