"""Simulated photos: the board is where the truth says, to a fraction of a pixel, and the arm's tour shows it."""

from __future__ import annotations

from itertools import islice

import cv2
import numpy as np
import pytest

from robot_rl.config.robot import RobotConfig
from robot_rl.core.errors import UsageError
from robot_rl.robot.photo_studio import PhotoStudio
from robot_rl.robot.photo_tour import PhotoTour, held_in_gripper
from robot_rl.robot.plate import Plate

SQUARES, SIDE = (7, 5), 0.03
EXTENT = (SQUARES[0] * SIDE, SQUARES[1] * SIDE)


@pytest.fixture(scope="module")
def plate() -> Plate:
    """A chessboard with a white margin of a square."""
    y, x = np.mgrid[: SQUARES[1], : SQUARES[0]]
    picture = np.kron(np.pad((x + y) % 2 * 255, 1, constant_values=255), np.ones((40, 40))).astype(np.uint8)
    return Plate(picture, (-SIDE, -SIDE, EXTENT[0] + SIDE, EXTENT[1] + SIDE))


@pytest.mark.parametrize("camera", ["wrist", "front"])
def test_corners_are_in_the_photo_where_they_are_in_the_world(robot: RobotConfig, plate: Plate, camera: str) -> None:
    studio = PhotoStudio(robot, camera, plate, (320, 240))
    studio.place(np.array([1.2, *robot.home[1:]]))
    tour, errors = PhotoTour(studio, EXTENT, np.random.default_rng(1)), []
    x, y = np.meshgrid(np.arange(1, SQUARES[0]), np.arange(1, SQUARES[1]))
    corners = np.stack([x * SIDE, y * SIDE, 0 * x, 1 + 0 * x]).reshape(4, -1)
    for _ in range(6):
        tour.show_board()
        grey = cv2.cvtColor(studio.photograph(), cv2.COLOR_RGB2GRAY)
        assert grey.shape == (240, 320)
        seen = studio.camera_matrix @ (studio.camera_pose.inverse().after(studio.board).matrix @ corners)[:3]
        pixels = (seen[:2] / seen[2]).T
        inside = ((pixels > 8) & (pixels < [311, 231])).all(axis=1)
        start = pixels[inside].astype(np.float32).reshape(-1, 1, 2)
        stop = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 40, 1e-4)
        errors.append(cv2.cornerSubPix(grey, start.copy(), (2, 2), (-1, -1), stop) - start)
    whole = np.concatenate(errors).reshape(-1, 2)
    assert np.abs(np.median(whole, axis=0)).max() < 0.05 and np.median(np.abs(whole)) < 0.1
    studio.close()


@pytest.mark.parametrize(("camera", "held"), [("wrist", False), ("front", True)])
def test_the_arm_shows_the_board_from_ever_new_sides(robot: RobotConfig, plate: Plate, camera: str, held: bool) -> None:
    studio = PhotoStudio(robot, camera, plate)
    if held:
        studio.held = held_in_gripper(studio, EXTENT)
    tour = PhotoTour(studio, EXTENT, np.random.default_rng(0))
    if not held:
        tour.lay_board()
    directions = []
    for q in islice(tour.stops(), 5):
        assert (q > robot.limits.position_lower).all() and (q < robot.limits.position_upper).all()
        assert not studio.touches()
        seen = studio.camera_pose.inverse().after(studio.board).matrix
        middle = seen @ [EXTENT[0] / 2, EXTENT[1] / 2, 0, 1]
        pixel = studio.camera_matrix @ middle[:3] / middle[2]
        assert (pixel[:2] > 0).all() and (pixel[:2] < [640, 480]).all()
        directions.append(seen[:3, 2])
    assert min(a @ b for a in directions for b in directions) < np.cos(np.radians(15))


def test_an_unknown_camera_is_refused(robot: RobotConfig, plate: Plate) -> None:
    with pytest.raises(UsageError, match="unknown camera 'wirst'.*did you mean 'wrist'"):
        PhotoStudio(robot, "wirst", plate)
