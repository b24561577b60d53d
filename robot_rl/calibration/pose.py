"""Pose of a board from one view, by known intrinsics."""

from __future__ import annotations

import cv2
import numpy as np

from robot_rl.calibration.camera_info import CameraIntrinsics
from robot_rl.calibration.detect import BoardNotFound, View
from robot_rl.core.geometry import Pose

AMBIGUOUS = 1.3
"""Ratio of the reprojection errors of a plane's two possible poses below which the view does not tell them apart."""


def board_pose(view: View, intrinsics: CameraIntrinsics) -> Pose:
    """Pose of the board in the camera's optical frame; BoardNotFound where the view does not determine it."""
    camera, distortion = intrinsics.camera_matrix, intrinsics.distortion
    count, turns, shifts, errors = cv2.solvePnPGeneric(
        view.points, view.corners, camera, distortion, flags=cv2.SOLVEPNP_IPPE
    )
    if not count or shifts[0][2, 0] <= 0.0:
        raise BoardNotFound(f"the board's pose in {view.name} cannot be computed: leave that picture out.")
    if count > 1 and errors[1, 0] < AMBIGUOUS * errors[0, 0]:
        raise BoardNotFound(
            f"{view.name} shows the board so flat or far that two poses fit it (errors {errors[0, 0]:.2f} and "
            f"{errors[1, 0]:.2f} px): tilt the board or come nearer."
        )
    turn, shift = cv2.solvePnPRefineLM(view.points, view.corners, camera, distortion, turns[0], shifts[0])
    return pose_of(turn, shift)


def pose_of(turn: np.ndarray, shift: np.ndarray) -> Pose:
    """Rotation vector and translation, as OpenCV gives them, to a pose."""
    whole = np.eye(4)
    whole[:3, :3], whole[:3, 3] = cv2.Rodrigues(turn)[0], np.ravel(shift)
    return Pose.of_matrix(whole)


def project(points: np.ndarray, frame: Pose, intrinsics: CameraIntrinsics) -> np.ndarray:
    """Pixels (n, 2) of `points` (n, 3) [m] given in `frame`, a pose in the camera's optical frame.

    NaN for what lies behind the camera.
    """
    whole = frame.matrix
    turn = cv2.Rodrigues(whole[:3, :3])[0]
    points = np.asarray(points, np.float64).reshape(-1, 3)
    pixels, _ = cv2.projectPoints(points, turn, whole[:3, 3], intrinsics.camera_matrix, intrinsics.distortion)
    depth = points @ whole[2, :3] + whole[2, 3]
    flat: np.ndarray = np.where(depth[:, None] > 0.0, pixels.reshape(-1, 2), np.nan)
    return flat
