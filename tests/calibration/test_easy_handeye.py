"""Hand-eye files: easy_handeye2's layout, read and written; date, serial number and camera held against limits."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import yaml

from robot_rl.calibration.easy_handeye import HandEyeFile, HandEyeRecord, load_hand_eye, save_hand_eye
from robot_rl.core.errors import UsageError
from robot_rl.core.geometry import Pose

THEIRS = """\
parameters:
  name: theirs
  calibration_type: eye_in_hand
  robot_base_frame: panda_link0
  robot_effector_frame: panda_link8
  tracking_base_frame: wrist_color_optical_frame
  tracking_marker_frame: marker
  freehand_robot_movement: true
  move_group_namespace: /
  move_group: manipulator
transform:
  translation: {x: 0.1, y: -0.2, z: 0.3}
  rotation: {x: 0.0, y: 0.6, z: 0.0, w: 0.8}
"""
POSE = Pose(np.array([0.1, -0.2, 0.3]), np.array([0.8, 0.0, 0.6, 0.0]))


def dated(days_ago: float) -> HandEyeFile:
    date = (datetime.now().astimezone() - timedelta(days=days_ago)).isoformat()
    record = HandEyeRecord(date=date, serial="42", samples=12, error_mm=0.4, error_deg=0.05)
    return HandEyeFile("wrist", "eye_to_hand", "base", "tcp", "wrist_optical_frame", "board", POSE, record)


def test_a_file_of_easy_handeye_is_read(tmp_path: Path) -> None:
    path = tmp_path / "theirs.calib"
    path.write_text(THEIRS)
    found = load_hand_eye(path, camera="wrist")
    assert (found.name, found.mount, found.base_frame, found.effector_frame) == (
        "theirs", "eye_in_hand", "panda_link0", "panda_link8",
    )  # fmt: skip
    assert found.camera.position == pytest.approx(POSE.position)
    assert found.camera.quaternion == pytest.approx(POSE.quaternion)


def test_what_is_written_has_exactly_their_keys(tmp_path: Path) -> None:
    save_hand_eye(tmp_path / "a.calib", dated(0))
    ours, theirs = yaml.safe_load((tmp_path / "a.calib").read_text()), yaml.safe_load(THEIRS)
    assert {key: set(part) for key, part in ours.items()} == {key: set(part) for key, part in theirs.items()}
    assert ours["parameters"]["calibration_type"] == "eye_on_base"


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    save_hand_eye(tmp_path / "a.calib", dated(0))
    save_hand_eye(tmp_path / "a.calib", dated(1))
    found = load_hand_eye(tmp_path / "a.calib", camera="wrist", serial="42", max_days=2)
    assert found.record == dated(1).record.__class__(**{**vars(dated(1).record), "date": found.record.date})
    assert found.camera.quaternion == pytest.approx(POSE.quaternion) and found.mount == "eye_to_hand"
    assert len(list(tmp_path.glob("a_*.calib"))) == 1, "the former file is kept"


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ({"camera": "front"}, "is of frame 'wrist_optical_frame', not of camera 'front'"),
        ({"serial": "43"}, "serial number 42, not 43"),
        ({"max_days": 2.0}, "is 3.0 days old, at most 2 are allowed"),
    ],
)
def test_another_camera_and_old_age_are_refused(tmp_path: Path, limits: dict, says: str) -> None:
    save_hand_eye(tmp_path / "a.calib", dated(3))
    with pytest.raises(UsageError, match=says):
        load_hand_eye(tmp_path / "a.calib", **limits)


def test_a_file_without_a_date_has_no_age(tmp_path: Path) -> None:
    path = tmp_path / "theirs.calib"
    path.write_text(THEIRS)
    with pytest.raises(UsageError, match="has the date '', so its age cannot be held against the limit"):
        load_hand_eye(path, max_days=1000.0)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("x: 0.1", "x: left", "is no hand-eye calibration .ValueError"),
        ("w: 0.8", "w: 0.1", "quaternion is 0.608"),
        ("w: 0.8", "w: .nan", "is no hand-eye calibration"),
        ("eye_in_hand", "eye_in_the_sky", "KeyError: 'eye_in_the_sky'"),
        ("transform:", "transformation:", "KeyError: 'transform'"),
        ("parameters:", "{", "is not valid YAML"),
        ("parameters:", "# robot_rl: 5\nparameters:", "the first line is no record"),
        ("parameters:", "# robot_rl: {days: 5}\nparameters:", "unknown key 'days'"),
    ],
)
def test_a_broken_file_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = tmp_path / "a.calib"
    path.write_text(THEIRS.replace(old, new, 1))
    with pytest.raises(UsageError, match=says):
        load_hand_eye(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"a\.calib' is missing: find it with"):
        load_hand_eye(tmp_path / "a.calib")
