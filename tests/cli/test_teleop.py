"""`robot-rl teleop`: what is refused before anything starts. At a terminal it is tested with its node."""

from __future__ import annotations

import subprocess
import sys

import pytest

from robot_rl.cli.main import main


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["gampad"], "unknown device 'gampad': did you mean 'gamepad'"),
        (["scripted"], "give device:=scripted to the graph"),
        (["keyboard", "--pace", "lockstep"], "device:=keyboard cannot keep up with pace:=lockstep"),
        (["keyboard", "--robot", "fr4"], "unknown robot 'fr4'"),
        (["keyboard", "--role", "watch"], "invalid choice: 'watch'"),
    ],
)
def test_a_wrong_request_gives_2_and_a_sentence(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["teleop", *words]) == 2
    assert says in capsys.readouterr().err


def test_a_keyboard_without_a_terminal_says_what_to_do(free_domain: int) -> None:
    command = [sys.executable, "-m", "robot_rl.cli.main", "teleop", "keyboard", "--domain", str(free_domain)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2 and "the keyboard needs a terminal" in done.stderr, done.stderr
