"""A camera's intrinsics in the YAML layout that ROS camera drivers write and read (camera_info_manager)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from robot_rl.calibration.dated import check_age, check_serial, keep_former
from robot_rl.config.loader import load, read_yaml
from robot_rl.config.param import param
from robot_rl.core.errors import UsageError
from robot_rl.core.files import write_atomic

_MATRICES = {"camera_matrix": (3, 3), "rectification_matrix": (3, 3), "projection_matrix": (3, 4)}
_KEYS = ("image_width", "image_height", "camera_name", "distortion_model", "distortion_coefficients", *_MATRICES)


@dataclass(frozen=True, kw_only=True)
class Record:
    """How intrinsics were found: the key `calibration` of a file, which ROS drivers pass over."""

    date: str = param("", "when, ISO 8601")
    serial: str = param("", "the camera's serial number")
    board: str = param("", "the board")
    views: int = param(0, "pictures used", ge=0)
    rms_px: float = param(0.0, "reprojection error over all corners", ge=0.0, unit="px")
    std_px: tuple[float, ...] = param((), "standard deviations of fx, fy, cx, cy", ge=0.0, unit="px")


@dataclass(frozen=True)
class CameraIntrinsics:
    """Pinhole intrinsics of one camera at one resolution."""

    camera_name: str
    image_width: int
    image_height: int
    camera_matrix: np.ndarray
    """K (3, 3) [px]."""
    distortion_model: str
    distortion: np.ndarray
    """Coefficients (n,) of `distortion_model`."""
    rectification_matrix: np.ndarray
    """R (3, 3)."""
    projection_matrix: np.ndarray
    """P (3, 4) [px]."""
    record: Record = Record()

    @classmethod
    def pinhole(cls, camera_name: str, size: int, fovy: float) -> CameraIntrinsics:
        """Undistorted square image of `size` px with vertical field of view `fovy` [rad], as a simulator renders it.

        Pixel centres are whole numbers, so the principal point is (size - 1) / 2.
        """
        focal, centre = 0.5 * size / np.tan(0.5 * fovy), 0.5 * (size - 1)
        k = np.array([[focal, 0.0, centre], [0.0, focal, centre], [0.0, 0.0, 1.0]])
        p = np.hstack([k, np.zeros((3, 1))])
        return cls(camera_name, size, size, k, "plumb_bob", np.zeros(5), np.eye(3), p)


def load_intrinsics(
    folder: Path | str, camera: str, width: int, height: int, *, serial: str = "", max_days: float = 0.0
) -> CameraIntrinsics:
    """Read `<folder>/<camera>.yaml`.

    Raises UsageError where it is missing, incomplete, not finite, of another camera (also where its serial number is
    not `serial` and both are given), of another resolution, or older than `max_days` (0 for no limit).
    """
    path = Path(folder) / f"{camera}.yaml"
    intrinsics = read_intrinsics(path, camera)
    if (intrinsics.image_width, intrinsics.image_height) != (width, height):
        size = f"{intrinsics.image_width}x{intrinsics.image_height}"
        raise UsageError(
            f"calibration '{path}' is for {size} px, images are {width}x{height} px: calibrate at that size."
        )
    check_serial(path, intrinsics.record.serial, serial)
    check_age(path, intrinsics.record.date, max_days, f"camera '{camera}'")
    return intrinsics


def read_intrinsics(path: Path, camera: str) -> CameraIntrinsics:
    """The file of `camera` at whatever resolution and age; UsageError where it is wrong in itself or another's."""
    if not path.is_file():
        raise UsageError(f"calibration '{path}' is missing: calibrate camera '{camera}' or name another folder.")
    data = read_yaml(path)
    missing = [key for key in _KEYS if key not in data]
    if missing:
        raise UsageError(f"calibration '{path}' lacks {', '.join(missing)}: calibrate camera '{camera}' again.")
    if data["camera_name"] != camera:
        raise UsageError(
            f"calibration '{path}' is of camera '{data['camera_name']}', not '{camera}': use its own file."
        )
    matrices = {key: _matrix(data, key, path).reshape(shape) for key, shape in _MATRICES.items()}
    distortion = _matrix(data, "distortion_coefficients", path)
    width, height = data["image_width"], data["image_height"]
    if not all(type(side) is int and side > 0 for side in (width, height)):
        raise UsageError(f"calibration '{path}' is for {width}x{height} px, which is no size: mend the file.")
    record = data.get("calibration", {})
    if not isinstance(record, dict):
        raise UsageError(f"calibration '{path}': calibration is {record!r}, not a mapping of keys: mend the file.")
    return CameraIntrinsics(
        camera,
        width,
        height,
        distortion_model=str(data["distortion_model"]),
        distortion=distortion,
        record=load(Record, record, f"'{path}': calibration"),
        **matrices,
    )


def save_intrinsics(folder: Path | str, intrinsics: CameraIntrinsics) -> Path:
    """Write `<folder>/<camera>.yaml`, which is returned; a former one stays beside it, with its date in the name."""
    path = Path(folder) / f"{intrinsics.camera_name}.yaml"
    document: dict[str, Any] = {
        "image_width": intrinsics.image_width,
        "image_height": intrinsics.image_height,
        "camera_name": intrinsics.camera_name,
        "distortion_model": intrinsics.distortion_model,
        "camera_matrix": _entry(intrinsics.camera_matrix),
        "distortion_coefficients": _entry(intrinsics.distortion.reshape(1, -1)),
        "rectification_matrix": _entry(intrinsics.rectification_matrix),
        "projection_matrix": _entry(intrinsics.projection_matrix),
        "calibration": {**asdict(intrinsics.record), "std_px": list(intrinsics.record.std_px)},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    keep_former(path)
    write_atomic(path, yaml.safe_dump(document, sort_keys=False, default_flow_style=None).encode())
    return path


def now_text() -> str:
    """Date and time of now as calibration files give it."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


def _entry(matrix: np.ndarray) -> dict[str, Any]:
    return {"rows": matrix.shape[0], "cols": matrix.shape[1], "data": [float(f"{x:.10g}") for x in matrix.ravel()]}


def _matrix(data: dict[str, Any], key: str, path: Path) -> np.ndarray:
    """The numbers of a {rows, cols, data} entry, (rows * cols,)."""
    entry = data[key]
    try:
        values = np.array(entry["data"], np.float64)
        whole = values.shape == (int(entry["rows"]) * int(entry["cols"]),) and bool(np.isfinite(values).all())
    except (KeyError, TypeError, ValueError):
        whole = False
    expected = _MATRICES.get(key)
    if not whole or (expected and values.size != expected[0] * expected[1]):
        raise UsageError(
            f"calibration '{path}': {key} is {entry!r}, not a whole matrix of finite numbers: mend the file."
        )
    return values
