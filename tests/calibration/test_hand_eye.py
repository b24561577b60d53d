"""Hand-eye: true within its own error for both mounts; degenerate motion, another board's size and outliers told."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from robot_rl.calibration.board import Board
from robot_rl.calibration.camera_info import CameraIntrinsics
from robot_rl.calibration.diversity import PosesTooAlike
from robot_rl.calibration.hand_eye import HandEyeResult, Sample, calibrate_hand_eye
from robot_rl.core.errors import UsageError
from robot_rl.core.geometry import Pose, rotated, rotation_angle

IDENTITY = np.array([1.0, 0.0, 0.0, 0.0])
CAMERA = Pose(np.array([0.06, -0.02, 0.05]), rotated(IDENTITY, np.array([0.2, -0.3, 1.2])))
BOARD = Pose(np.array([0.4, 0.1, 0.02]), rotated(IDENTITY, np.array([3.0, 0.1, 0.2])))
Make = Callable[..., list[Sample]]


@pytest.fixture
def samples(board: Board, view_at: Callable) -> Make:
    """Samples whose tcp poses have an error of `robot` [m], [rad / 0.1] each."""
    import runpy
    from pathlib import Path

    before_camera = runpy.run_path(str(Path(__file__).with_name("conftest.py")))["before_camera"]

    def make(mount: str, count: int = 12, seed: int = 0, robot: float = 1e-4, scale: float = 1.0) -> list[Sample]:
        rng, made = np.random.default_rng(seed), []
        for index in range(count):
            seen = before_camera(board, rng)
            if mount == "eye_in_hand":
                tcp = BOARD.after(seen.inverse()).after(CAMERA.inverse())
            else:
                tcp = CAMERA.after(seen).after(BOARD.inverse())
            told = Pose(tcp.position + rng.normal(0, robot, 3), rotated(tcp.quaternion, rng.normal(0, robot, 3)))
            made.append(Sample(view_at(f"{index}.png", seen, rng, scale=scale), told))
        return made

    return make


def error(result: HandEyeResult) -> tuple[float, float]:
    shift = float(np.linalg.norm(result.camera.position - CAMERA.position))
    return shift, rotation_angle(result.camera.quaternion, CAMERA.quaternion)


@pytest.mark.parametrize("mount", ["eye_in_hand", "eye_to_hand"])
def test_the_camera_is_found_as_well_as_is_told(samples: Make, true_camera: CameraIntrinsics, mount: str) -> None:
    errors, told = [], []
    for seed in range(6):
        result = calibrate_hand_eye(samples(mount, seed=seed), true_camera, mount)
        errors.append(error(result))
        told.append(result.error)
    assert (np.median(errors, axis=0) < [1e-3, np.radians(0.2)]).all()
    ratio = np.sqrt(np.mean(np.square(errors), axis=0) / np.mean(np.square(told), axis=0))
    assert ((ratio > 0.4) & (ratio < 2.5)).all(), ratio
    assert rotation_angle(result.board.quaternion, BOARD.quaternion) < np.radians(0.3)
    assert set(result.methods) == {"tsai", "park", "horaud", "andreff", "daniilidis"}
    assert result.methods[result.method] == min(result.methods.values())
    assert len(result.residuals) == 12 and not result.outliers


def test_a_worse_robot_is_told_as_a_larger_error(samples: Make, true_camera: CameraIntrinsics) -> None:
    good, bad = (calibrate_hand_eye(samples("eye_in_hand", robot=r), true_camera, "eye_in_hand") for r in (1e-4, 2e-3))
    assert bad.error[0] > 4 * good.error[0] and bad.residual[0] > 4 * good.residual[0]


def test_a_sample_with_a_wrong_robot_pose_is_named_and_left_out(samples: Make, true_camera: CameraIntrinsics) -> None:
    made = samples("eye_in_hand")
    tcp = made[3].tcp
    made[3] = Sample(made[3].view, Pose(tcp.position + np.array([0.02, 0, 0]), tcp.quaternion))
    result = calibrate_hand_eye(made, true_camera, "eye_in_hand")
    assert list(result.outliers) == ["3.png"] and result.outliers["3.png"][0] > 0.01
    assert error(result)[0] < 1e-3


@pytest.mark.parametrize("scale", [0.9, 1.25])
def test_a_board_of_another_size_is_found_by_the_motion(
    samples: Make, true_camera: CameraIntrinsics, scale: float
) -> None:
    with pytest.raises(UsageError, match="by the robot's motion the board is .* measure a printed square") as told:
        calibrate_hand_eye(samples("eye_to_hand", scale=scale), true_camera, "eye_to_hand")
    assert float(str(told.value).split("the board is ")[1].split()[0]) == pytest.approx(scale, abs=0.003)


def moved(samples: Sequence[Sample], turns: Sequence[np.ndarray]) -> list[Sample]:
    """The samples with tcp poses that only have the given turns."""
    rng = np.random.default_rng(0)
    return [
        Sample(sample.view, Pose(rng.uniform(-0.1, 0.1, 3), rotated(IDENTITY, turn)))
        for sample, turn in zip(samples, turns, strict=True)
    ]


@pytest.mark.parametrize(
    ("turns", "says"),
    [
        ([np.zeros(3)] * 10, "almost pure translations .turned by 0.0 degrees"),
        ([np.array([0, 0, 0.15 * i]) for i in range(10)], "all turns are about one axis"),
    ],
)
def test_degenerate_motion_is_refused(samples: Make, true_camera: CameraIntrinsics, turns: list, says: str) -> None:
    with pytest.raises(PosesTooAlike, match=says):
        calibrate_hand_eye(moved(samples("eye_in_hand", 10), turns), true_camera, "eye_in_hand")


def test_two_poses_are_refused_however_often_they_were_taken(samples: Make, true_camera: CameraIntrinsics) -> None:
    two = samples("eye_in_hand", 2)
    for taken in (two, two * 5):
        with pytest.raises(PosesTooAlike, match="2 different poses of the tcp: at least 6"):
            calibrate_hand_eye(taken, true_camera, "eye_in_hand")


def test_an_unknown_mount_is_refused(samples: Make, true_camera: CameraIntrinsics) -> None:
    with pytest.raises(UsageError, match="mount is 'hand': give one of eye_in_hand, eye_to_hand"):
        calibrate_hand_eye(samples("eye_in_hand", 6), true_camera, "hand")
