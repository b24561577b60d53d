"""A camera's pose on a robot as easy_handeye2 keeps it: `<name>.calib`, a YAML file.

Its reader takes no further keys, so date, serial number and expected error stand in a comment of the first line.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from robot_rl.calibration.dated import check_age, check_serial, keep_former
from robot_rl.config.loader import load, read_yaml
from robot_rl.config.param import param
from robot_rl.core.errors import UsageError
from robot_rl.core.files import write_atomic
from robot_rl.core.geometry import Pose

TYPES = {"eye_in_hand": "eye_in_hand", "eye_to_hand": "eye_on_base"}
"""Our mount -> their calibration_type."""
FRAMES = ("robot_base", "robot_effector", "tracking_base")
HEADER = "# robot_rl: "


@dataclass(frozen=True, kw_only=True)
class HandEyeRecord:
    """How a pose was found."""

    date: str = param("", "when, ISO 8601")
    serial: str = param("", "the camera's serial number")
    samples: int = param(0, "samples used", ge=0)
    error_mm: float = param(0.0, "expected error", ge=0.0, unit="mm")
    error_deg: float = param(0.0, "expected error", ge=0.0, unit="degrees")


@dataclass(frozen=True)
class HandEyeFile:
    """A camera's pose on a robot."""

    name: str
    mount: str
    """'eye_in_hand': `camera` is in `effector_frame`; 'eye_to_hand': it is in `base_frame`."""
    base_frame: str
    effector_frame: str
    camera_frame: str
    """Optical frame of the camera, `<camera>_optical_frame`."""
    board_frame: str
    camera: Pose
    record: HandEyeRecord = HandEyeRecord()


def save_hand_eye(path: Path, calibration: HandEyeFile) -> None:
    """Write the file; a former one stays beside it, with its date in the name."""
    (x, y, z), (w, i, j, k) = calibration.camera.position.tolist(), calibration.camera.quaternion.tolist()
    document = {
        "parameters": {
            "name": calibration.name,
            "calibration_type": TYPES[calibration.mount],
            "robot_base_frame": calibration.base_frame,
            "robot_effector_frame": calibration.effector_frame,
            "tracking_base_frame": calibration.camera_frame,
            "tracking_marker_frame": calibration.board_frame,
            "freehand_robot_movement": True,
            "move_group_namespace": "/",
            "move_group": "manipulator",
        },
        "transform": {"translation": {"x": x, "y": y, "z": z}, "rotation": {"x": i, "y": j, "z": k, "w": w}},
    }
    record = yaml.safe_dump(asdict(calibration.record), default_flow_style=True, sort_keys=False, width=1000)
    path.parent.mkdir(parents=True, exist_ok=True)
    keep_former(path)
    write_atomic(path, (HEADER + record + yaml.safe_dump(document, sort_keys=False)).encode())


def load_hand_eye(path: Path, *, camera: str = "", serial: str = "", max_days: float = 0.0) -> HandEyeFile:
    """Read a .calib file, ours or easy_handeye2's.

    Raises UsageError where it is missing or incomplete, where its tracking_base_frame is not of `camera`, its serial
    number not `serial` (each where both are given), or where it is older than `max_days` (0 for no limit).
    """
    if not path.is_file():
        raise UsageError(f"calibration '{path}' is missing: find it with 'robot-rl calibrate hand-eye'.")
    found = _parsed(path)
    frame = found.camera_frame
    if camera and frame != camera and not frame.startswith(f"{camera}_"):
        raise UsageError(f"calibration '{path}' is of frame '{frame}', not of camera '{camera}': use its own file.")
    check_serial(path, found.record.serial, serial)
    check_age(path, found.record.date, max_days, f"'{frame}' hand-eye")
    return found


def _parsed(path: Path) -> HandEyeFile:
    data = read_yaml(path)
    try:
        parameters, transform = data["parameters"], data["transform"]
        mount = {kind: mount for mount, kind in TYPES.items()}[parameters["calibration_type"]]
        base, effector, camera = (str(parameters[f"{key}_frame"]) for key in FRAMES)
        name, board = str(parameters.get("name", path.stem)), str(parameters.get("tracking_marker_frame", ""))
        position = np.array([transform["translation"][axis] for axis in "xyz"], float)
        quaternion = np.array([transform["rotation"][axis] for axis in "wxyz"], float)
        length = float(np.linalg.norm(quaternion))
        if abs(length - 1.0) > 1e-3:
            raise ValueError(f"the rotation's quaternion is {length:g} long")
        pose = Pose(position, quaternion / length)
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"'{path}' is no hand-eye calibration ({type(error).__name__}: {error}): give a .calib file with "
            "parameters and transform, as easy_handeye2 writes it."
        ) from None
    return HandEyeFile(name, mount, base, effector, camera, board, pose, _record(path))


def _record(path: Path) -> HandEyeRecord:
    first = path.read_text().split("\n", 1)[0]
    if not first.startswith(HEADER):
        return HandEyeRecord()
    try:
        data: Any = yaml.safe_load(first.removeprefix(HEADER))
    except yaml.YAMLError:
        data = None
    if not isinstance(data, dict):
        raise UsageError(f"'{path}': the first line is no record of a calibration: mend or delete that line.")
    return load(HandEyeRecord, data, f"'{path}', first line")
