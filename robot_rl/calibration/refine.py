"""Least squares over all corners for the poses of camera and board, and how sure the answer is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from robot_rl.calibration.camera_info import CameraIntrinsics
from robot_rl.calibration.detect import View
from robot_rl.core.geometry import Pose, rotated

STEPS = 20
HUBER = 2.0
"""Residual [px] beyond which a corner counts only in proportion to its distance."""
POSES = 12
"""Parameters of the two poses: a small shift [m] and turn [rad] of camera and board."""
PARTS = (slice(0, 3), slice(3, 6))
"""Shift and turn among a pose's parameters."""


@dataclass(frozen=True)
class Problem:
    """Views of one board, and where the camera's mount was in the frame that carries the board."""

    views: tuple[View, ...]
    mounts: tuple[np.ndarray, ...]
    """Matrices (4, 4), carrier from mount."""
    camera_matrix: np.ndarray
    distortion: np.ndarray
    std_px: np.ndarray
    """Standard deviations (4,) of fx, fy, cx, cy; zeros where they are not known."""

    @classmethod
    def of(cls, views: Sequence[View], mounts: Sequence[Pose], intrinsics: CameraIntrinsics) -> Problem:
        """From poses and intrinsics."""
        std = np.array(intrinsics.record.std_px) if len(intrinsics.record.std_px) == 4 else np.zeros(4)
        matrices = tuple(mount.matrix for mount in mounts)
        return cls(tuple(views), matrices, intrinsics.camera_matrix, intrinsics.distortion, std)

    def errors(self, camera: Pose, board: Pose, scale: float = 1.0) -> list[np.ndarray]:
        """Reprojection errors of each view (2n,) [px]; the board `scale` times as large as its file says."""
        found = []
        for view, mount in zip(self.views, self.mounts, strict=True):
            seen = np.linalg.inv(mount @ camera.matrix) @ board.matrix
            turn = cv2.Rodrigues(seen[:3, :3])[0]
            points, k = view.points * scale, self.camera_matrix
            pixels, _ = cv2.projectPoints(points, turn, seen[:3, 3], k, self.distortion)
            found.append((pixels[:, 0] - view.corners).ravel())
        return found


@dataclass(frozen=True)
class Refined:
    """The fit, and its expected error [m], [rad]; `scale` is the board's size where it is left free."""

    camera: Pose
    board: Pose
    error: tuple[float, float]
    rms_px: float
    scale: float
    scale_std: float


def refine(problem: Problem, camera: Pose, board: Pose) -> Refined:
    """The fit that starts at `camera` and `board`.

    Its error is the jackknife's over views (what noise of corners, robot and unknown causes does, as far as it differs
    from view to view), joined with what the standard deviations of the intrinsics do; both to first order.
    """
    camera, board, _ = _fit(problem, camera, board)
    errors, jacobian = problem.errors(camera, board), _jacobian(problem, camera, board, 1.0, False)
    without, by_lens = without_each(errors, jacobian), _by_lens(problem, camera, board, errors, jacobian)
    count = len(errors)
    spread = np.sqrt((count - 1) / count) * (without - without.mean(axis=0))
    shift, turn = (float(np.hypot(np.linalg.norm(spread[:, part]), np.linalg.norm(by_lens[:, part]))) for part in PARTS)
    sized = _fit(problem, camera, board, free_scale=True)
    rms = float(np.sqrt(2.0 * np.mean(np.concatenate(errors) ** 2)))
    return Refined(camera, board, (shift, turn), rms, sized[2], _scale_std(problem, *sized))


def without_each(errors: Sequence[np.ndarray], jacobian: np.ndarray) -> np.ndarray:
    """Change of a fit's parameters (n, p) where the errors of one view after the other are left out, to first order."""
    whole = np.concatenate(errors)
    owner = np.repeat(np.arange(len(errors)), [len(error) for error in errors])
    changes = []
    for index in range(len(errors)):
        keep = owner != index
        changes.append(-np.linalg.lstsq(jacobian[keep], whole[keep], rcond=None)[0])
    return np.array(changes)


def _by_lens(
    problem: Problem, camera: Pose, board: Pose, errors: Sequence[np.ndarray], jacobian: np.ndarray
) -> np.ndarray:
    """Change of the camera's pose (3, 6) where focal length, cx and cy are off by their standard deviations.

    fx and fy go together, as they are found together.
    """
    std, changes = problem.std_px, []
    for rows, columns, off in (([0, 1], [0, 1], std[:2]), ([0], [2], std[2:3]), ([1], [2], std[3:])):
        matrix = problem.camera_matrix.copy()
        matrix[rows, columns] += off
        moved = np.concatenate(replace(problem, camera_matrix=matrix).errors(camera, board))
        changes.append(-np.linalg.lstsq(jacobian, moved - np.concatenate(errors), rcond=None)[0][:6])
    return np.array(changes)


def _fit(
    problem: Problem, camera: Pose, board: Pose, *, free_scale: bool = False, steps: int = STEPS
) -> tuple[Pose, Pose, float]:
    """Gauss-Newton with Huber weights."""
    scale = 1.0
    for _ in range(steps):
        errors = np.concatenate(problem.errors(camera, board, scale))
        jacobian = _jacobian(problem, camera, board, scale, free_scale)
        distance = np.repeat(np.linalg.norm(errors.reshape(-1, 2), axis=1), 2)
        weights = np.minimum(1.0, HUBER / np.maximum(distance, 1e-9))
        step = np.linalg.lstsq(jacobian * weights[:, None] ** 0.5, -errors * weights**0.5, rcond=None)[0]
        camera, board = _moved(camera, step[:6]), _moved(board, step[6:POSES])
        scale += float(step[POSES]) if free_scale else 0.0
        if np.abs(step).max() < 1e-8:
            break
    return camera, board, scale


def _jacobian(problem: Problem, camera: Pose, board: Pose, scale: float, free_scale: bool) -> np.ndarray:
    """Numerical derivative of all errors by the poses' twelve parameters, and by the scale where that is free."""
    columns, delta = [], 1e-6
    for index in range(POSES + free_scale):
        sides = []
        for sign in (delta, -delta):
            step = np.zeros(POSES + 1)
            step[index] = sign
            moved = problem.errors(_moved(camera, step[:6]), _moved(board, step[6:POSES]), scale + step[POSES])
            sides.append(np.concatenate(moved))
        columns.append((sides[0] - sides[1]) / (2.0 * delta))
    return np.stack(columns, axis=1)


def _moved(pose: Pose, step: np.ndarray) -> Pose:
    return Pose(pose.position + step[:3], rotated(pose.quaternion, step[3:]))


def _scale_std(problem: Problem, camera: Pose, board: Pose, scale: float) -> float:
    """Standard deviation of the scale, errors of one view taken as one (cluster-robust)."""
    jacobian = _jacobian(problem, camera, board, scale, True)
    errors = problem.errors(camera, board, scale)
    bread, start = np.linalg.pinv(jacobian.T @ jacobian), 0
    meat = np.zeros_like(bread)
    for error in errors:
        slope = jacobian[start : start + len(error)].T @ error
        meat, start = meat + np.outer(slope, slope), start + len(error)
    return float(np.sqrt((bread @ meat @ bread)[POSES, POSES]))
