"""Where a camera is on a robot: hand-eye calibration from views of one board and the tcp poses they were taken at.

Eye in hand: the camera moves with the tcp, the board stands still, and the camera's pose in the tcp frame is sought.
Eye to hand: the camera stands still, the board moves with the tcp, and the camera's pose in the base frame is sought.
Both are one problem, A X = Z B: "mount" is the frame that the camera is fixed to, "carrier" the one the board is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from robot_rl.calibration.camera_info import CameraIntrinsics
from robot_rl.calibration.detect import View
from robot_rl.calibration.diversity import check_diversity
from robot_rl.calibration.pose import board_pose
from robot_rl.calibration.refine import Problem, refine
from robot_rl.core.errors import RobotRLError, UsageError
from robot_rl.core.geometry import Pose, rotation_angle

METHODS = {
    name: getattr(cv2, f"CALIB_HAND_EYE_{name.upper()}") for name in ("tsai", "park", "horaud", "andreff", "daniilidis")
}
MOUNTS = ("eye_in_hand", "eye_to_hand")
MIN_SAMPLES = 6
OUTLIER = 3.0
"""Times the median residual beyond which a sample is left out."""
ALWAYS_FINE = (1e-3, np.radians(0.25))
"""Residuals [m], [rad] at which a sample is no outlier, however good the others are."""
WRONG_SCALE = 0.01
"""Share by which the robot's motion may disagree with the board's squares."""


@dataclass(frozen=True)
class Sample:
    """A view of the board and the tcp's pose in the base frame at that moment."""

    view: View
    tcp: Pose


@dataclass(frozen=True)
class HandEyeResult:
    """What was found, and how well it fits. Residuals: how far each sample puts the board from where all put it."""

    mount: str
    camera: Pose
    """Pose of the camera's optical frame: in the tcp frame (eye in hand) or in the base frame (eye to hand)."""
    board: Pose
    """Pose of the board: in the base frame (eye in hand) or in the tcp frame (eye to hand)."""
    method: str
    """Closed-form method that the refinement began with."""
    methods: dict[str, float]
    """Median residual [m] of every method."""
    residuals: dict[str, tuple[float, float]]
    """Residual [m], [rad] of every sample used, by name."""
    outliers: dict[str, tuple[float, float]]
    """The same of those left out."""
    error: tuple[float, float]
    """Expected error of `camera` [m], [rad] (one standard deviation, all axes together)."""
    rms_px: float
    """Reprojection error over all corners used."""
    scale: float
    """Size of the board that the robot's motion speaks for, as a multiple of what its file says."""
    scale_std: float

    @property
    def residual(self) -> tuple[float, float]:
        """Root mean square residual [m], [rad]."""
        values = np.array(list(self.residuals.values()))
        metres, radians = np.sqrt(np.mean(values**2, axis=0))
        return float(metres), float(radians)


def calibrate_hand_eye(samples: Sequence[Sample], intrinsics: CameraIntrinsics, mount: str) -> HandEyeResult:
    """The camera's pose from `samples`; those that fit much worse than the others are left out, and named.

    The closed-form method with the least median residual starts a least-squares fit of all corners' reprojection.
    Raises UsageError where the samples are too few or their poses too alike (pure translation, one axis), or where
    the board's squares have another size than its file says.
    """
    if mount not in MOUNTS:
        raise UsageError(f"mount is '{mount}': give one of {', '.join(MOUNTS)}.")
    check_diversity([sample.tcp for sample in samples], MIN_SAMPLES)
    kept, outliers = list(samples), list[Sample]()
    while True:
        method, methods, start = _best_method(kept, intrinsics, mount)
        problem = Problem.of([s.view for s in kept], [_carried(s, mount) for s in kept], intrinsics)
        found = refine(problem, *start)
        residuals = [_residual(s, found.camera, found.board, intrinsics, mount) for s in kept]
        worst = _worst(residuals)
        if worst is None or len(kept) <= MIN_SAMPLES:
            break
        outliers.append(kept.pop(worst))
    check_diversity([sample.tcp for sample in kept], MIN_SAMPLES)
    _check_scale(found.scale, found.scale_std)
    left_out = {s.view.name: _residual(s, found.camera, found.board, intrinsics, mount) for s in outliers}
    by_name = {s.view.name: r for s, r in zip(kept, residuals, strict=True)}
    return HandEyeResult(
        mount, found.camera, found.board, method, methods, by_name, left_out,
        found.error, found.rms_px, found.scale, found.scale_std,
    )  # fmt: skip


def _carried(sample: Sample, mount: str) -> Pose:
    """Pose of the camera's mount in the frame that carries the board."""
    return sample.tcp if mount == "eye_in_hand" else sample.tcp.inverse()


def _best_method(
    samples: Sequence[Sample], intrinsics: CameraIntrinsics, mount: str
) -> tuple[str, dict[str, float], tuple[Pose, Pose]]:
    """Name of the method with the least median residual, all medians [m], and its camera and board poses."""
    mounts = [_carried(sample, mount).matrix for sample in samples]
    boards = [board_pose(sample.view, intrinsics).matrix for sample in samples]
    medians, answers = {}, {}
    for name, flag in METHODS.items():
        try:
            turn, shift = cv2.calibrateHandEye(
                [m[:3, :3] for m in mounts], [m[:3, 3] for m in mounts],
                [b[:3, :3] for b in boards], [b[:3, 3] for b in boards], method=flag,
            )  # fmt: skip
        except cv2.error:
            continue
        camera = np.eye(4)
        camera[:3, :3], camera[:3, 3] = turn, shift.ravel()
        if not np.isfinite(camera).all() or abs(np.linalg.det(turn) - 1.0) > 0.01:
            continue
        places = np.array([m @ camera @ b for m, b in zip(mounts, boards, strict=True)])
        middle = int(np.argmin([np.median(np.linalg.norm(places[:, :3, 3] - p[:3, 3], axis=1)) for p in places]))
        off = np.linalg.norm(places[:, :3, 3] - places[middle, :3, 3], axis=1)
        medians[name] = float(np.median(off))
        answers[name] = (Pose.of_matrix(camera), Pose.of_matrix(places[middle]))
    if not medians:
        raise RobotRLError("no hand-eye method has an answer to these samples: take more, from more different poses.")
    best = min(medians, key=lambda name: medians[name])
    return best, medians, answers[best]


def _residual(
    sample: Sample, camera: Pose, board: Pose, intrinsics: CameraIntrinsics, mount: str
) -> tuple[float, float]:
    """How far the sample alone puts the board from `board` [m], [rad]."""
    seen = _carried(sample, mount).after(camera).after(board_pose(sample.view, intrinsics))
    shift = float(np.linalg.norm(seen.position - board.position))
    return shift, rotation_angle(seen.quaternion, board.quaternion)


def _worst(residuals: Sequence[tuple[float, float]]) -> int | None:
    """Index of the sample that fits worst, where that is much worse than the others."""
    values = np.array(residuals)
    limits = np.maximum(OUTLIER * np.median(values, axis=0), ALWAYS_FINE)
    excess = (values / limits).max(axis=1)
    worst = int(np.argmax(excess))
    return worst if excess[worst] > 1.0 else None


def _check_scale(scale: float, std: float) -> None:
    off = abs(scale - 1.0)
    if off > WRONG_SCALE and off > 4.0 * std:
        raise UsageError(
            f"by the robot's motion the board is {scale:.3f} times as large as its file says: measure a printed square "
            "and correct the board's file (or the robot's model)."
        )
