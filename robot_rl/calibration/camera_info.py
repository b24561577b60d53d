"""A camera's intrinsics in the YAML layout that ROS camera drivers write and read (camera_info_manager)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from robot_rl.config.loader import read_yaml
from robot_rl.core.errors import UsageError

_MATRICES = {"camera_matrix": (3, 3), "rectification_matrix": (3, 3), "projection_matrix": (3, 4)}
_KEYS = ("image_width", "image_height", "camera_name", "distortion_model", "distortion_coefficients", *_MATRICES)


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

    @classmethod
    def pinhole(cls, camera_name: str, size: int, fovy: float) -> CameraIntrinsics:
        """Undistorted square image of `size` px with vertical field of view `fovy` [rad], as a simulator renders it.

        Pixel centres are whole numbers, so the principal point is (size - 1) / 2.
        """
        focal, centre = 0.5 * size / np.tan(0.5 * fovy), 0.5 * (size - 1)
        k = np.array([[focal, 0.0, centre], [0.0, focal, centre], [0.0, 0.0, 1.0]])
        p = np.hstack([k, np.zeros((3, 1))])
        return cls(camera_name, size, size, k, "plumb_bob", np.zeros(5), np.eye(3), p)


def load_intrinsics(folder: Path | str, camera: str, width: int, height: int) -> CameraIntrinsics:
    """Read `<folder>/<camera>.yaml`.

    Raises UsageError where it is missing, incomplete, not finite, of another camera or of another resolution.
    """
    path = Path(folder) / f"{camera}.yaml"
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
    if (data["image_width"], data["image_height"]) != (width, height):
        size = f"{data['image_width']}x{data['image_height']}"
        raise UsageError(
            f"calibration '{path}' is for {size} px, images are {width}x{height} px: calibrate at that size."
        )
    matrices = {key: _matrix(data, key, path).reshape(shape) for key, shape in _MATRICES.items()}
    distortion = _matrix(data, "distortion_coefficients", path)
    return CameraIntrinsics(
        camera, width, height, distortion_model=data["distortion_model"], distortion=distortion, **matrices
    )


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
