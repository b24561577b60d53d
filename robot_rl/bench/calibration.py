"""Calibration against truth: whole calibrations of simulated cameras, their errors, and the errors they expected."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, fields
from itertools import islice
from typing import Any

import numpy as np

from robot_rl.calibration.board import load_board
from robot_rl.calibration.camera_info import CameraIntrinsics
from robot_rl.calibration.detect import BoardDetector, BoardNotFound, View
from robot_rl.calibration.hand_eye import Sample, calibrate_hand_eye
from robot_rl.calibration.intrinsics import calibrate_intrinsics
from robot_rl.calibration.pose import project
from robot_rl.calibration.simulated import Photo, SimulatedSession
from robot_rl.core.geometry import Pose, rotation_angle
from robot_rl.robot.spec import load_robot
from robot_rl.robot.twin import KinematicTwin

MOUNTS = {"wrist": "eye_in_hand", "front": "eye_to_hand"}
"""The simulated cameras and how they are fixed."""
BLIND = 500
"""Photos after which a session that shows too few boards is given up."""
LIMITS = {"focal_percent": 0.5, "centre_px": 1.0, "shift_mm": 1.0, "turn_deg": 0.2, "tcp_px": 2.0}
"""What the medians must keep."""
PAIRS = {
    "focal_px": "focal_px_told",
    "centre_px": "centre_px_told",
    "shift_mm": "shift_mm_told",
    "turn_deg": "turn_deg_told",
}
AGREEMENT = (1 / 3, 3.0)
"""Between what the ratio of the error made to the error told must lie, both as root mean squares."""


@dataclass(frozen=True)
class Trial:
    """One calibration: its true errors, and those it told (standard deviations)."""

    focal_percent: float
    focal_px: float
    focal_px_told: float
    centre_px: float
    centre_px_told: float
    shift_mm: float
    shift_mm_told: float
    turn_deg: float
    turn_deg_told: float
    tcp_px: float
    """Median over the pictures, of the tcp's projection."""
    outliers: int


def run_trial(camera: str, seed: int, robot: str, board: str, views: int = 20, samples: int = 15) -> Trial:
    """Calibrate `camera` of the simulated `robot` from `views` of a board shown by hand, `samples` with the arm."""
    known, printed, mount = load_robot(robot), load_board(board), MOUNTS[camera]
    detector, twin = BoardDetector(printed), KinematicTwin(known)
    by_hand = SimulatedSession(known, camera, printed, "free", seed=2 * seed)
    lens = calibrate_intrinsics([view for view, _ in _seen(by_hand, detector, views)], camera)
    by_hand.close()
    by_arm = SimulatedSession(known, camera, printed, mount, seed=2 * seed + 1)
    shots = _seen(by_arm, detector, samples)
    tcps = [twin.tcp_pose(np.asarray(photo.joints)) for _, photo in shots]
    made = [Sample(view, tcp) for (view, _), tcp in zip(shots, tcps, strict=True)]
    eye = calibrate_hand_eye(made, lens.intrinsics, mount)
    off = _entries(lens.intrinsics.camera_matrix) - _entries(by_arm.camera_matrix)
    true = by_arm.camera
    by_arm.close()
    projected = [_tcp_pixel(lens.intrinsics, eye.camera, tcp, mount) for tcp in tcps]
    tcp_px = [float(np.linalg.norm(at - photo.tcp_px)) for at, (_, photo) in zip(projected, shots, strict=True)]
    return Trial(
        focal_percent=100 * float(np.abs(off[:2]).max() / by_arm.camera_matrix[0, 0]),
        focal_px=float(np.sqrt(np.mean(off[:2] ** 2))),
        focal_px_told=float(np.sqrt(np.mean(lens.std_px[:2] ** 2))),
        centre_px=float(np.linalg.norm(off[2:])),
        centre_px_told=float(np.linalg.norm(lens.std_px[2:])),
        shift_mm=1e3 * float(np.linalg.norm(eye.camera.position - true.position)),
        shift_mm_told=1e3 * eye.error[0],
        turn_deg=float(np.degrees(rotation_angle(eye.camera.quaternion, true.quaternion))),
        turn_deg_told=float(np.degrees(eye.error[1])),
        tcp_px=float(np.median(tcp_px)),
        outliers=len(lens.outliers) + len(eye.outliers),
    )


def run_trials(
    count: int, robot: str, board: str, processes: int, seed: int = 0, done: Callable[[], None] = lambda: None
) -> dict[str, list[Trial]]:
    """`count` trials of each camera, each with a seed of its own; `done` is called after each."""
    jobs = [(camera, seed + index, robot, board) for camera in MOUNTS for index in range(count)]
    trials = []
    # Spawned: OpenGL does not survive a fork.
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        for trial in pool.map(run_trial, *zip(*jobs, strict=True)):
            trials.append(trial)
            done()
    return {camera: trials[index * count : (index + 1) * count] for index, camera in enumerate(MOUNTS)}


def figures(trials: Sequence[Trial]) -> dict[str, Any]:
    """Median and largest of every figure, and the ratios of errors made to errors told; `ok` where LIMITS are kept."""
    values = {field.name: np.array([asdict(trial)[field.name] for trial in trials]) for field in fields(Trial)}
    medians = {name: float(np.median(column)) for name, column in values.items()}
    ratios = {
        name: float(np.sqrt(np.mean(values[name] ** 2) / np.mean(values[told] ** 2))) for name, told in PAIRS.items()
    }
    kept = all(medians[name] <= limit for name, limit in LIMITS.items())
    agree = all(AGREEMENT[0] <= ratio <= AGREEMENT[1] for ratio in ratios.values())
    return {
        "trials": len(trials),
        "median": medians,
        "max": {name: float(column.max()) for name, column in values.items()},
        "made_over_told": ratios,
        "ok": kept and (agree or len(trials) < 5),
    }


def _seen(session: SimulatedSession, detector: BoardDetector, count: int) -> list[tuple[View, Photo]]:
    found: list[tuple[View, Photo]] = []
    for index, photo in enumerate(islice(session.photos(), BLIND)):
        try:
            found.append((detector.find(photo.image, str(index)), photo))
        except BoardNotFound:
            continue
        if len(found) == count:
            break
    return found


def _tcp_pixel(lens: CameraIntrinsics, camera: Pose, tcp: Pose, mount: str) -> np.ndarray:
    in_base = tcp.after(camera) if mount == "eye_in_hand" else camera
    pixel: np.ndarray = project(np.zeros((1, 3)), in_base.inverse().after(tcp), lens)[0]
    return pixel


def _entries(matrix: np.ndarray) -> np.ndarray:
    return matrix[[0, 1, 0, 1], [0, 1, 2, 2]]
