"""Sessions on disk: whole after every shot, read back as written, and refused where they are broken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from robot_rl.calibration.session import Session, SessionInfo, pictures, read_picture, read_session
from robot_rl.core.errors import UsageError

INFO = SessionInfo(camera="wrist", serial="42", robot="fr3_sim", mount="eye_in_hand", board="charuco_7x5_30")
IMAGE = np.random.default_rng(0).integers(0, 255, (24, 32, 3)).astype(np.uint8)


def test_a_session_is_whole_after_every_shot(tmp_path: Path) -> None:
    session, joints = Session(tmp_path / "s", INFO), np.linspace(0, 1, 7)
    assert read_session(tmp_path / "s") == (INFO, ())
    for count in (1, 2):
        session.add(IMAGE, joints * count, np.array([12.5, 7.25]))
        info, shots = read_session(tmp_path / "s")
        assert info == INFO and len(shots) == count
    assert shots[1].joints == pytest.approx(joints * 2) and shots[1].tcp_px == (12.5, 7.25)
    np.testing.assert_array_equal(read_picture(tmp_path / "s" / shots[0].image), IMAGE)
    assert [name for name, _ in pictures(tmp_path / "s")] == ["000.png", "001.png"]


def test_a_session_is_not_written_over(tmp_path: Path) -> None:
    Session(tmp_path, INFO).add(IMAGE)
    with pytest.raises(UsageError, match="holds a session already"):
        Session(tmp_path, INFO)
    assert len(read_session(tmp_path)[1]) == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("camera: [", "is not valid YAML"),
        ("camera: wrist", "lacks the key 'board'"),
        ("{camera: wrist, board: b, mount: glued}", "not one of free, eye_in_hand, eye_to_hand"),
        ("{camera: wrist, board: b, shots: [{joints: [1.0]}]}", "lacks the key 'image'"),
    ],
)
def test_a_broken_session_is_refused(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "session.yaml").write_text(text)
    with pytest.raises(UsageError, match=says):
        read_session(tmp_path)


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no folder"):
        list(pictures(tmp_path / "none"))
    with pytest.raises(UsageError, match=r"holds no session\.yaml"):
        read_session(tmp_path)
