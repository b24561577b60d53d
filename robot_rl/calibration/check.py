"""How far a calibration is off in the picture: what it projects against what is seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from robot_rl.calibration.camera_info import CameraIntrinsics
from robot_rl.calibration.detect import View
from robot_rl.calibration.easy_handeye import HandEyeFile
from robot_rl.calibration.pose import board_pose, project
from robot_rl.core.errors import UsageError
from robot_rl.core.geometry import Pose


@dataclass(frozen=True)
class Rig:
    """Intrinsics and pose of one camera on a robot."""

    intrinsics: CameraIntrinsics
    hand_eye: HandEyeFile

    def camera_in_base(self, tcp: Pose) -> Pose:
        """Pose of the camera in the base frame while the tcp is at `tcp`."""
        return tcp.after(self.hand_eye.camera) if self.hand_eye.mount == "eye_in_hand" else self.hand_eye.camera

    def tcp_in_camera(self, tcp: Pose) -> Pose:
        """Pose of the tcp in the camera's optical frame."""
        return self.camera_in_base(tcp).inverse().after(tcp)

    def tcp_pixel(self, tcp: Pose) -> np.ndarray:
        """Where the tcp is in the picture (2,) [px]; NaN behind the camera."""
        pixel: np.ndarray = project(np.zeros((1, 3)), self.tcp_in_camera(tcp), self.intrinsics)[0]
        return pixel

    def board_carrier(self, tcp: Pose) -> Pose:
        """Pose in the base frame of what carries the board: the base itself, or the tcp."""
        return Pose(np.zeros(3), np.array([1.0, 0, 0, 0])) if self.hand_eye.mount == "eye_in_hand" else tcp

    def board_seen(self, view: View, tcp: Pose) -> Pose:
        """Pose of the board in its carrier, by one view alone."""
        in_base = self.camera_in_base(tcp).after(board_pose(view, self.intrinsics))
        return self.board_carrier(tcp).inverse().after(in_base)

    def board_pixels(self, board: Pose, points: np.ndarray, tcp: Pose) -> np.ndarray:
        """Where `points` (n, 3) of a board at `board` in its carrier are in the picture (n, 2) [px]."""
        in_base = self.board_carrier(tcp).after(board)
        return project(points, self.camera_in_base(tcp).inverse().after(in_base), self.intrinsics)


def board_errors(rig: Rig, samples: Sequence[tuple[View, Pose]]) -> list[np.ndarray]:
    """For each (view, tcp pose): corners as the other samples and the robot predict them (n, 2) [px].

    Raises UsageError for less than two samples: one alone fits itself.
    """
    if len(samples) < 2:
        raise UsageError(f"{len(samples)} pictures with the board and joint positions: at least 2 check each other.")
    boards = [rig.board_seen(view, tcp) for view, tcp in samples]
    predicted = []
    for index, (view, tcp) in enumerate(samples):
        others = mean_pose([pose for other, pose in enumerate(boards) if other != index])
        predicted.append(rig.board_pixels(others, view.points, tcp))
    return predicted


def mean_pose(poses: Sequence[Pose]) -> Pose:
    """Mean position and mean rotation (chordal) of `poses`, at least one."""
    total = sum(np.outer(pose.quaternion, pose.quaternion) for pose in poses)
    quaternion = np.linalg.eigh(total)[1][:, -1]
    return Pose(np.mean([pose.position for pose in poses], axis=0), quaternion)


def rms(seen: np.ndarray, predicted: np.ndarray) -> float:
    """Root mean square distance [px] of pixels (n, 2); infinite where one is not in the picture's half space."""
    distance = np.linalg.norm(seen - predicted, axis=1)
    return float(np.sqrt(np.mean(distance**2))) if np.isfinite(distance).all() else float("inf")
