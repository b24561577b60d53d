"""Calibration boards: their corners in space, and the picture that is printed."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from robot_rl.config.board import BoardConfig
from robot_rl.config.loader import load, read_yaml
from robot_rl.config.paths import share_dir
from robot_rl.core.errors import UsageError, unknown_name


class Board:
    """A board. Its frame: origin at the upper left corner of the squares, x right, y down, z into the paper [m]."""

    def __init__(self, config: BoardConfig, name: str = "board") -> None:
        self.config, self.name = config, name
        _check(config, name)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of all squares [m]."""
        return self.config.columns * self.config.square, self.config.rows * self.config.square

    @cached_property
    def corners(self) -> np.ndarray:
        """Inner corners (N, 3) [m], row by row from the upper left; a corner's id is its index."""
        x, y = np.meshgrid(np.arange(1, self.config.columns), np.arange(1, self.config.rows))
        return np.stack([x, y, np.zeros_like(x)], axis=-1).reshape(-1, 3) * self.config.square

    @property
    def markers(self) -> int:
        """Markers on the board; none on a chessboard."""
        squares = self.config.columns * self.config.rows
        return squares // 2 if self.config.kind == "charuco" else 0

    @property
    def symmetric(self) -> bool:
        """Whether the board looks the same turned by half a turn, so that its pose has two answers."""
        return self.config.kind == "chessboard" and (self.config.columns + self.config.rows) % 2 == 0

    @cached_property
    def charuco(self) -> Any:
        """The cv2.aruco.CharucoBoard."""
        config = self.config
        shape = (config.columns, config.rows)
        return cv2.aruco.CharucoBoard(shape, config.square, config.marker, dictionary(config.dictionary))

    def picture(self, pixels: int) -> np.ndarray:
        """The board as uint8 (rows * pixels, columns * pixels), black and white, a square being `pixels` wide."""
        config = self.config
        if config.kind == "charuco":
            whole: np.ndarray = self.charuco.generateImage((config.columns * pixels, config.rows * pixels))
            return whole
        y, x = np.mgrid[: config.rows, : config.columns]
        return np.kron((x + y) % 2 * 255, np.ones((pixels, pixels))).astype(np.uint8)

    def __str__(self) -> str:
        config = self.config
        text = f"{config.kind} '{self.name}' of {config.columns} x {config.rows} squares of {config.square * 1e3:g} mm"
        return text + (f", markers {config.dictionary}" if self.markers else "")


def dictionary(name: str) -> Any:
    """OpenCV's predefined marker dictionary of that name, such as 4X4_50."""
    return cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, f"DICT_{name}"))


def shipped_boards() -> dict[str, Path]:
    """Name -> file of every board in calibration/boards."""
    return {file.stem: file for file in sorted((share_dir() / "calibration" / "boards").glob("*.yaml"))}


def load_board(name_or_path: str) -> Board:
    """Board `name` of calibration/boards, or the board in a YAML file; UsageError names what is wrong with it."""
    path = Path(name_or_path)
    if path.suffix not in (".yaml", ".yml"):
        shipped = shipped_boards()
        if name_or_path not in shipped:
            raise unknown_name("board", name_or_path, shipped, "calibration/boards")
        path = shipped[name_or_path]
    return Board(load(BoardConfig, read_yaml(path), f"'{path}'"), path.stem)


def _check(config: BoardConfig, name: str) -> None:
    if config.kind != "charuco":
        return
    if not 0.0 < config.marker < config.square:
        raise UsageError(
            f"board '{name}': marker is {config.marker:g} m in squares of {config.square:g} m: "
            "give the marker's side, smaller than the square's."
        )
    needed, there = config.columns * config.rows // 2, int(config.dictionary.split("_")[1])
    if needed > there:
        raise UsageError(
            f"board '{name}' needs {needed} markers, dictionary {config.dictionary} has {there}: name a larger one."
        )
