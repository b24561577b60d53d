"""Poses of a simulated calibration session: what a person would show a camera, and how the arm gets there."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from robot_rl.core.errors import RobotRLError
from robot_rl.core.geometry import Pose, rotated, rotation_angle
from robot_rl.robot.ik import DifferentialIK
from robot_rl.robot.photo_studio import PhotoStudio
from robot_rl.robot.twin import KinematicTwin

IDENTITY = np.array([1.0, 0.0, 0.0, 0.0])
FREE_SHARES, ARM_SHARES = (0.5, 1.1), (0.25, 0.5)
"""Share of the picture's width that the board takes: shown by hand, and where the arm moves it or the camera."""
TILT, ROLL = 0.55, 0.5
"""Largest tilt towards each side, and largest turn in the picture [rad]."""
NEAREST = 0.05
TICKS, TICK_S = 150, 0.05
REACHED = (1e-3, 5e-3)
TRIES = 2000


class PhotoTour:
    """Random poses of a board of `extent` (width, height) [m] before the studio's camera."""

    def __init__(self, studio: PhotoStudio, extent: tuple[float, float], rng: np.random.Generator) -> None:
        self._studio, self._extent, self._rng = studio, extent, rng
        self._twin = KinematicTwin(studio.robot)
        self._ik = DifferentialIK(self._twin)

    def show_board(self) -> None:
        """Hold the board before the camera, anywhere in its picture, as a person would for intrinsics."""
        self._studio.put_board(self._studio.camera_pose.after(self._before_camera(FREE_SHARES, edge=0.12)))

    def lay_board(self) -> None:
        """Lay the board on the table below the tcp at home, face up, upright in the picture of a camera in hand."""
        tcp, right = self._studio.tcp.position, self._studio.camera_pose.matrix[:3, 0]
        whole = np.eye(4)
        whole[:3, 0] = np.array([*right[:2], 0.0]) / np.linalg.norm(right[:2])
        whole[:3, 2] = [0.0, 0.0, -1.0]
        whole[:3, 1] = np.cross(whole[:3, 2], whole[:3, 0])
        middle = whole[:3, :2] @ np.array(self._extent) / 2
        whole[:3, 3] = np.array([*tcp[:2], 0.004]) - middle
        self._studio.put_board(Pose.of_matrix(whole))

    def stops(self) -> Iterator[np.ndarray]:
        """Joint positions (J,) from which a camera in hand sees the board, or a camera outside sees it held, endlessly.

        RobotRLError where the arm finds none.
        """
        failed = 0
        while failed < TRIES:
            q = self._joints_at(self._tcp_for(self._before_camera(ARM_SHARES, edge=0.3)))
            if q is not None and self._clear(q):
                failed = 0
                yield q
            else:
                failed += 1
        raise RobotRLError(
            f"the simulated arm finds no pose at which camera '{self._studio.camera}' sees the board: "
            "take a smaller board, or the other mount."
        )

    def _before_camera(self, shares: tuple[float, float], edge: float) -> Pose:
        """Random pose of the board in the camera's frame, its middle `edge` (a share) off the picture's edges."""
        studio, rng = self._studio, self._rng
        matrix, size = studio.camera_matrix, np.array(studio.size, float)
        depth = max(NEAREST, self._extent[0] * matrix[0, 0] / (rng.uniform(*shares) * size[0]))
        pixel = size * rng.uniform(edge, 1.0 - edge, 2)
        middle = np.array([*((pixel - matrix[:2, 2]) / matrix[0, 0] * depth), depth])
        tilt = np.array([*rng.uniform(-TILT, TILT, 2), rng.uniform(-ROLL, ROLL)])
        whole = Pose(np.zeros(3), rotated(IDENTITY, tilt)).matrix
        whole[:3, 3] = middle - whole[:3, :3] @ np.array([*self._extent, 0.0]) / 2
        return Pose.of_matrix(whole)

    def _tcp_for(self, seen: Pose) -> Pose:
        """Tcp pose at which the camera sees the board at `seen`."""
        studio = self._studio
        if studio.held is not None:
            return studio.camera_pose.after(seen).after(studio.held.inverse())
        camera_in_tcp = studio.tcp.inverse().after(studio.camera_pose)
        return studio.board.after(seen.inverse()).after(camera_in_tcp.inverse())

    def _joints_at(self, goal: Pose) -> np.ndarray | None:
        """Joint positions that put the tcp at `goal`, found from home; None where it is out of reach."""
        q = np.array(self._studio.robot.home)
        for _ in range(TICKS):
            try:
                q = q + self._ik.solve(q, goal, TICK_S) * TICK_S
            except RobotRLError:
                return None
            at = self._twin.tcp_pose(q)
            far = np.linalg.norm(at.position - goal.position)
            if far < REACHED[0] and rotation_angle(at.quaternion, goal.quaternion) < REACHED[1]:
                return q
        return None

    def _clear(self, q: np.ndarray) -> bool:
        """Put the arm there, and say whether nothing touches anything and a held board is above the table."""
        self._studio.place(q)
        if self._studio.touches():
            return False
        x, y = self._extent
        corners = np.array([[0, 0, 0, 1], [x, 0, 0, 1], [0, y, 0, 1], [x, y, 0, 1]])
        return bool((self._studio.board.matrix @ corners.T)[2].min() > 0.0)


def held_in_gripper(studio: PhotoStudio, extent: tuple[float, float]) -> Pose:
    """Pose in the tcp frame of a board that the gripper holds by the middle of its upper edge, facing the camera."""
    tcp, camera = studio.tcp, studio.camera_pose
    whole = camera.matrix
    whole[:3, 3] = tcp.position + whole[:3, :3] @ np.array([-extent[0] / 2, 0.01, 0.0])
    return tcp.inverse().after(Pose.of_matrix(whole))
