"""Views of a board without pictures: corners projected by a true camera, with noise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from robot_rl.calibration.board import Board, load_board
from robot_rl.calibration.camera_info import CameraIntrinsics
from robot_rl.calibration.detect import View
from robot_rl.calibration.pose import project
from robot_rl.core.geometry import Pose, rotated

SIZE = (640, 480)
IDENTITY = np.array([1.0, 0.0, 0.0, 0.0])


@pytest.fixture(scope="session")
def board() -> Board:
    return load_board("charuco_7x5_30")


@pytest.fixture(scope="session")
def true_camera() -> CameraIntrinsics:
    matrix = np.array([[600.0, 0, 325], [0, 602.0, 236], [0, 0, 1]])
    lens = np.array([-0.2, 0.06, 0.001, -0.0005, 0.0])
    projection = np.hstack([matrix, np.zeros((3, 1))])
    return CameraIntrinsics("wrist", *SIZE, matrix, "plumb_bob", lens, np.eye(3), projection)


def before_camera(board: Board, rng: np.random.Generator) -> Pose:
    """A random pose of the board, all of it in the picture."""
    turn = Pose(np.zeros(3), rotated(IDENTITY, rng.uniform([-0.6, -0.6, -1.0], [0.6, 0.6, 1.0])))
    depth = rng.uniform(0.3, 0.55)
    middle = np.array([rng.uniform(-0.28, 0.28) * depth, rng.uniform(-0.2, 0.2) * depth, depth])
    shift = middle - turn.matrix[:3, :3] @ np.array([*board.size, 0.0]) / 2
    return Pose(shift, turn.quaternion)


@pytest.fixture
def view_at(board: Board, true_camera: CameraIntrinsics) -> Callable[..., View]:
    def view(name: str, seen: Pose, rng: np.random.Generator, noise: float = 0.1, scale: float = 1.0) -> View:
        corners = project(board.corners * scale, seen, true_camera)
        corners = corners + rng.normal(0.0, noise, corners.shape)
        return View(name, SIZE, np.arange(len(corners)), corners, board.corners, 1.0)

    return view


@pytest.fixture
def views(board: Board, view_at: Callable[..., View]) -> Callable[..., list[View]]:
    """`count` views from random poses."""

    def make(count: int, seed: int = 0) -> list[View]:
        rng = np.random.default_rng(seed)
        return [view_at(f"{i}.png", before_camera(board, rng), rng) for i in range(count)]

    return make
