"""`robot-rl calibrate` as a person types it: both simulated cameras from nothing to a checked file; every mistake."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml

from robot_rl.calibration.board import load_board
from robot_rl.calibration.camera_info import load_intrinsics
from robot_rl.calibration.easy_handeye import load_hand_eye
from robot_rl.calibration.simulated import SimulatedSession
from robot_rl.cli.main import run
from robot_rl.core.errors import UsageError
from robot_rl.core.geometry import rotation_angle
from robot_rl.robot.spec import load_robot

BOARD = "charuco_7x5_30"
MOUNTS = {"wrist": "eye_in_hand", "front": "eye_to_hand"}


def calibrate(*words: object) -> int:
    return run(["calibrate", *map(str, words)])


@pytest.fixture(scope="module", params=["wrist", "front"])
def camera(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def folder(camera: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sessions of one camera by hand and with the arm, and its calibration, by the commands."""
    folder, mount = tmp_path_factory.mktemp(camera), MOUNTS[camera]
    shared = ("--sim", "--camera", camera, "--board", BOARD, "--serial", "S1")
    assert calibrate("collect", *shared, "--count", 12, "--out", folder / "hand") == 0
    assert calibrate("collect", *shared, "--count", 10, "--mount", mount, "--out", folder / "arm") == 0
    assert calibrate("intrinsics", "--images", folder / "hand", "--out", folder / "found") == 0
    assert calibrate("hand-eye", folder / "arm", "--calibration", folder / "found") == 0
    return folder


def said(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    return dict(json.loads(capsys.readouterr().out.splitlines()[-1]))


def test_the_tcp_is_projected_within_two_pixels(camera: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("check", folder / "arm", "--calibration", folder / "found")
    assert calibrate(*words, "--json", "--overlays", folder / "seen") == 0
    figures = said(capsys)
    assert figures["tcp_px_max"] < 2.0 and figures["board_px_median"] < 1.0 and figures["pictures"] == 10
    drawn, plain = (cv2.imread(str(folder / part / "003.png")) for part in ("seen", "arm"))
    assert drawn.shape == plain.shape and (drawn != plain).any()


def test_the_files_hold_the_truth(camera: str, folder: Path) -> None:
    true = SimulatedSession(load_robot("fr3_sim"), camera, load_board(BOARD), MOUNTS[camera])
    lens = load_intrinsics(folder / "found", camera, 640, 480, serial="S1", max_days=1)
    eye = load_hand_eye(folder / "found" / f"{camera}.calib", camera=camera, serial="S1", max_days=1)
    assert lens.camera_matrix[0, 0] == pytest.approx(true.camera_matrix[0, 0], rel=0.01)
    assert (eye.mount, eye.record.samples) == (MOUNTS[camera], 10)
    assert np.linalg.norm(eye.camera.position - true.camera.position) < 2e-3
    assert rotation_angle(eye.camera.quaternion, true.camera.quaternion) < np.radians(0.4)


def test_a_calibration_that_is_off_is_told(camera: str, folder: Path, tmp_path: Path) -> None:
    for name in (f"{camera}.yaml", f"{camera}.calib"):
        (tmp_path / name).write_text((folder / "found" / name).read_text())
    data = yaml.safe_load((tmp_path / f"{camera}.calib").read_text())
    data["transform"]["translation"]["x"] += 0.03
    (tmp_path / f"{camera}.calib").write_text(yaml.safe_dump(data))
    assert calibrate("check", folder / "arm", "--calibration", tmp_path) == 1


def test_one_picture_is_checked_by_what_is_known_of_it(
    camera: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shot = yaml.safe_load((folder / "arm" / "session.yaml").read_text())["shots"][2]
    joints, at = (",".join(map(str, shot[key])) for key in ("joints", "tcp_px"))
    words = ("--image", folder / "arm" / shot["image"], "--camera", camera, "--calibration", folder / "found")
    assert calibrate("check", *words, f"--joints={joints}", f"--tcp-at={at}", "--board", BOARD, "--json") == 0
    figures = said(capsys)
    assert figures["tcp_px_median"] < 2.0 and figures["board_px_median"] < 0.5
    assert calibrate("check", *words, f"--joints={joints}", "--tcp-at=5,5") == 1
    with pytest.raises(UsageError, match="--joints is '1,2': give 7 numbers"):
        calibrate("check", *words, "--joints=1,2")


def test_a_former_calibration_is_kept(camera: str, folder: Path, tmp_path: Path) -> None:
    for _ in range(2):
        assert (
            calibrate("intrinsics", "--images", folder / "hand", "--out", tmp_path, "--overlays", tmp_path / "o") == 0
        )
    names = sorted(path.name for path in tmp_path.glob("*.yaml"))
    assert names[0] == f"{camera}.yaml" and re.fullmatch(rf"{camera}_\d{{4}}-\d\d-\d\d_\d{{6}}\.yaml", names[1])
    assert len(list((tmp_path / "o").glob("*.png"))) == 12


Mistake = Callable[[Path, str, Path], tuple[object, ...]]
MISTAKES: dict[str, tuple[Mistake, str]] = {
    "wrong board": (
        lambda f, c, t: ("intrinsics", "--images", f / "hand", "--out", t, "--board", "charuco_5x4_20"),
        "0 usable views of the board, at least 8",
    ),
    "board not there": (
        lambda f, c, t: ("intrinsics", "--images", f / "hand", "--out", t, "--board", "charuco_7x5"),
        "unknown board 'charuco_7x5'.*did you mean 'charuco_7x5_30'",
    ),
    "too few views": (
        lambda f, c, t: ("intrinsics", "--images", f / "hand", "--out", t, "--min-views", 30),
        "12 usable views of the board, at least 30",
    ),
    "another camera": (
        lambda f, c, t: ("intrinsics", "--images", f / "hand", "--out", t, "--camera", "side"),
        "the session is of camera '.*', not 'side'",
    ),
    "no pictures": (
        lambda f, c, t: ("intrinsics", "--images", t, "--out", t, "--camera", c, "--board", BOARD),
        "holds no pictures",
    ),
    "no camera named": (lambda f, c, t: ("intrinsics", "--images", t, "--out", t), "--camera and --board are needed"),
    "a session without the robot": (
        lambda f, c, t: ("hand-eye", f / "hand", "--calibration", f / "found"),
        "is a session without the robot",
    ),
    "no intrinsics": (lambda f, c, t: ("hand-eye", f / "arm", "--calibration", t), r"\.yaml' is missing: calibrate"),
    "no session": (lambda f, c, t: ("hand-eye", t, "--calibration", f / "found"), "holds no session.yaml"),
    "a session there already": (
        lambda f, c, t: ("collect", "--sim", "--camera", c, "--board", BOARD, "--out", f / "hand"),
        "holds a session already",
    ),
    "no such camera": (
        lambda f, c, t: ("collect", "--sim", "--camera", "frnt", "--board", BOARD, "--out", t / "s"),
        "unknown camera 'frnt'",
    ),
    "no size": (
        lambda f, c, t: ("collect", "--sim", "--camera", c, "--board", BOARD, "--out", t / "s", "--size", "big"),
        "--size is 'big'",
    ),
    "nothing to check": (lambda f, c, t: ("check", "--calibration", f / "found"), "nothing to check"),
    "an old calibration": (
        lambda f, c, t: ("check", f / "arm", "--calibration", f / "found", "--max-days", 1e-9),
        "days old, at most 1e-09 are allowed",
    ),
    "no board file": (lambda f, c, t: ("board", t / "mine.yaml"), "cannot read"),
    "no picture format": (lambda f, c, t: ("board", BOARD, "--out", t / "b.jpg"), "ending in .pdf or .png"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_every_mistake_has_its_sentence(camera: str, folder: Path, tmp_path: Path, mistake: str) -> None:
    words, says = MISTAKES[mistake]
    with pytest.raises(UsageError, match=says):
        calibrate(*words(folder, camera, tmp_path))


def test_blurred_pictures_are_named_and_left_out(
    camera: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in sorted((folder / "hand").glob("*.png")):
        image = cv2.imread(str(path))
        cv2.imwrite(str(tmp_path / path.name), cv2.GaussianBlur(image, (0, 0), 12) if path.name == "004.png" else image)
    words = ("--images", tmp_path, "--out", tmp_path / "o", "--camera", camera, "--board", BOARD)
    assert calibrate("intrinsics", *words) == 0
    assert "left out: 004.png is blurred" in capsys.readouterr().err
    (tmp_path / "005.png").write_bytes(b"torn")
    with pytest.raises(UsageError, match=r"005\.png' cannot be read as a picture"):
        calibrate("intrinsics", *words)


def test_boards_are_listed_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert calibrate("board") == 0
    assert "charuco 'charuco_7x5_30' of 7 x 5 squares of 30 mm" in capsys.readouterr().out
    for name in ("b.pdf", "b.png"):
        assert calibrate("board", BOARD, "--out", tmp_path / name) == 0
    assert (tmp_path / "b.pdf").read_bytes().startswith(b"%PDF")
