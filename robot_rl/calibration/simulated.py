"""A calibration session that the simulator plays: board, camera and arm as a person would use them, and the truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from robot_rl.calibration.board import Board
from robot_rl.calibration.printing import framed
from robot_rl.config.robot import RobotConfig
from robot_rl.core.geometry import Pose
from robot_rl.robot.photo_studio import PhotoStudio
from robot_rl.robot.photo_tour import PhotoTour, held_in_gripper
from robot_rl.robot.plate import Plate

SQUARE_PIXELS = 60
"""Texture pixels of a square."""


@dataclass(frozen=True)
class Flaws:
    """What is imperfect, as standard deviations."""

    noise: float = 3.0
    """of each pixel [grey levels]"""
    blur: float = 0.7
    """of the Gaussian that blurs the picture [px]"""
    joints: float = 1e-4
    """of each joint position that is told [rad]"""


@dataclass(frozen=True)
class Photo:
    """Picture uint8 (H, W, 3) RGB, joint positions (J,) as told (None where none count), true pixel (2,) of the tcp."""

    image: np.ndarray
    joints: np.ndarray | None
    tcp_px: np.ndarray


class SimulatedSession:
    """Photos of a board by a camera of a simulated robot; `scale` prints it larger than its file says."""

    def __init__(
        self,
        robot: RobotConfig,
        camera: str,
        board: Board,
        mount: str,
        size: tuple[int, int] = (640, 480),
        seed: int = 0,
        flaws: Flaws = Flaws(),  # noqa: B008 - frozen
        scale: float = 1.0,
    ) -> None:
        self.mount, self._flaws, self._rng = mount, flaws, np.random.default_rng(seed)
        extent = (board.size[0] * scale, board.size[1] * scale)
        self.studio = PhotoStudio(robot, camera, plate_of(board, scale), size)
        self._tour = PhotoTour(self.studio, extent, self._rng)
        if mount == "eye_to_hand":
            self.studio.held = held_in_gripper(self.studio, extent)
        elif mount == "eye_in_hand":
            self._tour.lay_board()

    @property
    def camera_matrix(self) -> np.ndarray:
        """True K (3, 3) [px]."""
        return self.studio.camera_matrix

    @property
    def camera(self) -> Pose:
        """True pose of the camera: in the tcp frame where it is in hand, else in the base frame."""
        studio = self.studio
        return studio.tcp.inverse().after(studio.camera_pose) if self.mount == "eye_in_hand" else studio.camera_pose

    def photos(self) -> Iterator[Photo]:
        """Photos from ever new poses, endlessly."""
        if self.mount == "free":
            while True:
                self._tour.show_board()
                yield self._photo(None)
        for q in self._tour.stops():
            yield self._photo(q + self._rng.normal(0.0, self._flaws.joints, q.shape))

    def close(self) -> None:
        """Free the renderer."""
        self.studio.close()

    def _photo(self, joints: np.ndarray | None) -> Photo:
        image, flaws = self.studio.photograph(), self._flaws
        if flaws.blur > 0.0:
            image = np.asarray(cv2.GaussianBlur(image, (0, 0), flaws.blur))
        noisy = image + self._rng.normal(0.0, flaws.noise, image.shape)
        seen = self.studio.camera_matrix @ self.studio.camera_pose.inverse().after(self.studio.tcp).position
        return Photo(np.clip(np.round(noisy), 0, 255).astype(np.uint8), joints, seen[:2] / seen[2])


def plate_of(board: Board, scale: float = 1.0) -> Plate:
    """The printed board with a margin of half a square, `scale` times as large as its file says."""
    margin, (width, height) = board.config.square * scale / 2, (side * scale for side in board.size)
    picture = framed(board.picture(SQUARE_PIXELS), SQUARE_PIXELS // 2)
    return Plate(picture, (-margin, -margin, width + margin, height + margin))
