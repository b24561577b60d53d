"""The operator's screen as a terminal shows it."""

import io
import math

import pytest
from rich.console import Console

from robot_rl.control.progress import Progress
from robot_rl.control.vitals import Vitals
from robot_rl.nodes.screen import screen


def drawn(progress: Progress, width: int = 100) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    console.print(screen(progress))
    return console.file.getvalue()  # type: ignore[attr-defined]


@pytest.fixture
def progress() -> Progress:
    progress = Progress("demo reach", episodes_wanted=20, mode="RUNNING")
    progress.take_state({"state": "RUNNING", "can success": "end as success", "can discard": "end and throw away"})
    progress.vitals = Vitals({"wrist": (0.031, 29.9), "front": (math.inf, 0.0)}, 0.15, 10.0)
    progress.actions.add("HUMAN", 0.0035)
    progress.safety.update(CLIPPED=3)
    progress.add_episode({"length": 12, "success": 1, "interventions": 3})
    progress.metrics = {"updates": 1234.0, "utd": 1.9}
    return progress


@pytest.mark.parametrize("width", [80, 120])
def test_everything_that_an_operator_watches_is_there(progress: Progress, width: int) -> None:
    text = " ".join(drawn(progress, width).split())
    for shown in ("demo reach", "2 of 20", "RUNNING", "0 % of the newest", "interventions in 25 %", "updates 1234"):
        assert shown in text
    for shown in ("wrist 31 ms 30 Hz", "front silent", "by human", "4 ms", "e-stop clear", "CLIPPED 3"):
        assert shown in text
    assert "success: end as success" in text and "robot-rl episode success|discard" in text


def test_an_emergency_stop_cannot_be_overlooked(progress: Progress) -> None:
    progress.mode, progress.notice = "ESTOP", "clear it with 'robot-rl estop --clear'"
    text = drawn(progress)
    assert "e-stop SET" in text and "clear it with" in text


def test_the_countdown_and_the_device_s_own_keys(progress: Progress) -> None:
    progress.keys, progress.device = {"discard": "button B"}, "the gamepad is gone"
    assert "discard [button B]: end and throw away" in drawn(progress)
    assert "the gamepad is gone" in drawn(progress) and "robot-rl episode" not in drawn(progress)
    progress.take_state({"state": "READY", "countdown": "2"})
    assert "episode 2 of 20 begins in 2" in drawn(progress)
