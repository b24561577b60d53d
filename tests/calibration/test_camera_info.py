"""Calibration files: what ships loads and is true, and what is wrong with a file is said in one sentence."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import yaml

from robot_rl.calibration.camera_info import CameraIntrinsics, Record, load_intrinsics, save_intrinsics
from robot_rl.calibration.easy_handeye import load_hand_eye
from robot_rl.config.paths import share_dir
from robot_rl.core.errors import UsageError
from robot_rl.robot.sim_arm import SimArm
from robot_rl.robot.spec import load_robot
from robot_rl.robot.tasks import load_task
from robot_rl.robot.twin import KinematicTwin

SHIPPED = share_dir() / "calibration" / "fr3_sim"


@pytest.mark.parametrize("camera", ["wrist", "front"])
def test_the_shipped_calibration_is_that_of_the_simulated_camera(camera: str) -> None:
    model = SimArm(load_robot("fr3_sim"), load_task("reach")).model
    true = CameraIntrinsics.pinhole(camera, 64, np.radians(model.camera(camera).fovy[0]))
    loaded = load_intrinsics(SHIPPED, camera, 64, 64)
    assert loaded.camera_matrix == pytest.approx(true.camera_matrix, rel=1e-5)
    assert loaded.projection_matrix[:, :3] == pytest.approx(loaded.camera_matrix)


@pytest.mark.parametrize("camera", ["wrist", "front"])
def test_the_shipped_pose_is_that_of_the_simulated_camera(camera: str) -> None:
    model = SimArm(load_robot("fr3_sim"), load_task("reach"))
    found = load_hand_eye(SHIPPED / f"{camera}.calib", camera=camera)
    mount = {"wrist": "eye_in_hand", "front": "eye_to_hand"}[camera]
    tcp = KinematicTwin(load_robot("fr3_sim")).tcp_pose(model.joint_positions)
    in_base = tcp.after(found.camera) if mount == "eye_in_hand" else found.camera
    assert found.mount == mount
    assert in_base.position == pytest.approx(model.data.camera(camera).xpos, abs=1e-6)
    optical = model.data.camera(camera).xmat.reshape(3, 3) @ np.diag([1, -1, -1])
    np.testing.assert_allclose(in_base.matrix[:3, :3], optical, atol=1e-6)


def changed(folder: Path, **changes: object) -> Path:
    data = yaml.safe_load((SHIPPED / "wrist.yaml").read_text())
    data |= changes
    (folder / "wrist.yaml").write_text(yaml.safe_dump({k: v for k, v in data.items() if v is not None}))
    return folder


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"camera_matrix": None}, "lacks camera_matrix"),
        ({"camera_name": "front"}, "of camera 'front'"),
        ({"image_width": 640}, "640x64"),
        ({"camera_matrix": {"rows": 3, "cols": 3, "data": [1.0] * 8}}, "camera_matrix"),
        ({"camera_matrix": {"rows": 2, "cols": 2, "data": [1.0] * 4}}, "camera_matrix"),
        ({"distortion_coefficients": {"rows": 1, "cols": 1, "data": [float("nan")]}}, "distortion_coefficients"),
        ({"image_height": "tall"}, "is for 64xtall px, which is no size"),
        ({"calibration": 5}, "calibration is 5, not a mapping"),
        ({"calibration": {"dat": ""}}, "unknown key 'dat'.*did you mean 'date'"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, changes: dict[str, object], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        load_intrinsics(changed(tmp_path, **changes), "wrist", 64, 64)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"wrist\.yaml.*is missing"):
        load_intrinsics(tmp_path, "wrist", 64, 64)


def saved(folder: Path, days_ago: float = 0.0) -> CameraIntrinsics:
    date = (datetime.now().astimezone() - timedelta(days=days_ago)).isoformat()
    record = Record(date=date, serial="42", board="b", views=12, rms_px=0.1, std_px=(0.5, 0.5, 0.3, 0.3))
    matrix = np.array([[600.1234, 0, 320.5], [0, 601.5, 240.25], [0, 0, 1]])
    projection = np.hstack([matrix, np.zeros((3, 1))])
    lens = np.array([-0.2, 0.1, 0.001, 0.002, -0.05])
    made = CameraIntrinsics("wrist", 640, 480, matrix, "plumb_bob", lens, np.eye(3), projection, record)
    save_intrinsics(folder, made)
    return made


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    made = saved(tmp_path)
    found = load_intrinsics(tmp_path, "wrist", 640, 480, serial="42", max_days=1.0)
    for name in ("camera_matrix", "distortion", "rectification_matrix", "projection_matrix"):
        np.testing.assert_allclose(getattr(found, name), getattr(made, name), rtol=1e-9)
    assert found.record == made.record


def test_a_calibration_too_old_or_of_another_serial_number_is_refused(tmp_path: Path) -> None:
    saved(tmp_path, days_ago=10)
    assert load_intrinsics(tmp_path, "wrist", 640, 480, max_days=10.5).record.views == 12
    with pytest.raises(UsageError, match=r"is 10\.0 days old, at most 9\.5 are allowed: calibrate camera 'wrist'"):
        load_intrinsics(tmp_path, "wrist", 640, 480, max_days=9.5)
    with pytest.raises(UsageError, match="serial number 42, not 43: calibrate this camera"):
        load_intrinsics(tmp_path, "wrist", 640, 480, serial="43")
    with pytest.raises(UsageError, match="is for 640x480 px, images are 64x64 px"):
        load_intrinsics(tmp_path, "wrist", 64, 64)
