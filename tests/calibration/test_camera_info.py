"""Calibration files: what ships loads and is true, and what is wrong with a file is said in one sentence."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from robot_rl.calibration.camera_info import CameraIntrinsics, load_intrinsics
from robot_rl.config.paths import share_dir
from robot_rl.core.errors import UsageError
from robot_rl.robot.sim_arm import SimArm
from robot_rl.robot.spec import load_robot
from robot_rl.robot.tasks import load_task

SHIPPED = share_dir() / "calibration" / "fr3_sim"


@pytest.mark.parametrize("camera", ["wrist", "front"])
def test_the_shipped_calibration_is_that_of_the_simulated_camera(camera: str) -> None:
    model = SimArm(load_robot("fr3_sim"), load_task("reach")).model
    true = CameraIntrinsics.pinhole(camera, 64, np.radians(model.camera(camera).fovy[0]))
    loaded = load_intrinsics(SHIPPED, camera, 64, 64)
    assert loaded.camera_matrix == pytest.approx(true.camera_matrix, rel=1e-5)
    assert loaded.projection_matrix[:, :3] == pytest.approx(loaded.camera_matrix)


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
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, changes: dict[str, object], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        load_intrinsics(changed(tmp_path, **changes), "wrist", 64, 64)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"wrist\.yaml.*is missing"):
        load_intrinsics(tmp_path, "wrist", 64, 64)
