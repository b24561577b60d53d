"""Findings on a robot's file: one for each thing that can be wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from robot_rl.config.loader import to_plain
from robot_rl.robot.check import check_robot
from robot_rl.robot.spec import load_robot

PLAIN = to_plain(load_robot("ur5e"))


def failures(path: Path, **changes: object) -> list[str]:
    """What is wrong with a UR5e of which some keys, or keys of sections, are changed."""
    merged = {key: {**PLAIN[key], **value} if isinstance(value, dict) else value for key, value in changes.items()}
    file = path / "mine.yaml"
    file.write_text(yaml.safe_dump({**PLAIN, **merged}))
    return [finding.sentence for finding in check_robot(str(file)) if not finding.ok]


@pytest.mark.parametrize("name", ["fr3_sim", "fr3", "ur5e"])
def test_the_shipped_robots_are_good(name: str) -> None:
    findings = check_robot(name)
    assert len(findings) == 7 and all(finding.ok for finding in findings), findings


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"home": [0.0] * 5}, "home has 5 entries for 6 joints"),
        ({"model": "nowhere.urdf"}, "nowhere.urdf', which is no file"),
        ({"joints": [*PLAIN["joints"][:5], "wrist_4_joint"]}, "unknown joint 'wrist_4_joint'"),
        ({"workspace": {"upper": [0.62, 0.22, 0.20]}}, "outside the workspace"),
        ({"home": [-0.3, -1.69, 2.6, -1.8, -1.57, -1.87]}, "left_pad and table"),
        ({"limits": {"position_upper": [6.2832, 6.2832, 4.0, 6.2832, 6.2832, 6.2832]}}, "elbow_joint go beyond"),
        ({"limits": {"velocity": [0.01] * 6}}, "the tcp cannot go -x"),
    ],
    ids=["file", "model", "joints", "workspace", "contact", "ranges", "too slow"],
)
def test_what_is_wrong_is_said(tmp_path: Path, changes: dict[str, object], sentence: str) -> None:
    assert any(sentence in failure for failure in failures(tmp_path, **changes)), failures(tmp_path, **changes)


def test_an_unknown_robot_is_a_finding() -> None:
    (finding,) = check_robot("ur6e")
    assert not finding.ok and "did you mean 'ur5e'" in finding.sentence
