"""A calibration board as it is printed. One YAML file a board, in calibration/boards."""

from __future__ import annotations

from dataclasses import dataclass

from robot_rl.config.param import param

DICTIONARIES = tuple(f"{bits}X{bits}_{count}" for bits in (4, 5, 6, 7) for count in (50, 100, 250, 1000))
SQUARE = "side of a square as measured on the print"
MARKER = "side of a marker's black frame as measured on the print; not used by a chessboard"


@dataclass(frozen=True, kw_only=True)
class BoardConfig:
    """A ChArUco board or a plain chessboard; columns and rows count squares, not inner corners."""

    kind: str = param("charuco", "what is printed", choices=("charuco", "chessboard"))
    columns: int = param(description="squares from left to right", ge=3, le=50)
    rows: int = param(description="squares from top to bottom", ge=3, le=50)
    square: float = param(description=SQUARE, ge=0.001, le=1.0, unit="m")
    marker: float = param(0.0, MARKER, ge=0.0, le=1.0, unit="m")
    dictionary: str = param("4X4_50", "markers: bits and size of OpenCV's predefined set", choices=DICTIONARIES)
