"""The keyboard on a real pseudo-terminal: keys, key repetition, hang-up, and the terminal as it was afterwards."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import termios
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot_rl.config.devices import DeviceConfig, load_device
from robot_rl.core.errors import UsageError
from robot_rl.teleop.connection import Connection
from robot_rl.teleop.device import DeviceLost
from robot_rl.teleop.devices.keyboard import Keyboard, keys, single_keys
from robot_rl.teleop.mapping import InputMap

TAP_S = 0.5
CONFIG = DeviceConfig(driver="keyboard", tap_s=TAP_S)


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """The person's end and the program's end of a terminal that gives single keys."""
    person, program = pty.openpty()
    with single_keys(program):
        yield person, program
    for end in (person, program):
        with contextlib.suppress(OSError):
            os.close(end)


def typed(person: int, board: Keyboard, text: str) -> set[str]:
    os.write(person, text.encode())
    deadline = time.monotonic() + 5.0
    while not (held := set(board.read())) and time.monotonic() < deadline:
        time.sleep(0.01)
    return held


def test_keys_arrive_at_once_without_enter_and_are_let_go_by_themselves(terminal: tuple[int, int]) -> None:
    person, program = terminal
    board = Keyboard(CONFIG, program)
    assert board.open().startswith("keyboard of /dev/pts/")
    assert typed(person, board, "w") == {"w"}
    deadline = time.monotonic() + 20 * TAP_S
    while board.read() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not board.read()
    assert typed(person, board, "\x1b[A W") == {"up", "space", "W"}
    assert typed(person, board, "\r") >= {"enter"}


def test_what_was_typed_before_it_is_opened_does_not_count(terminal: tuple[int, int]) -> None:
    person, program = terminal
    os.write(person, b"w")
    time.sleep(0.05)
    board = Keyboard(CONFIG, program)
    board.open()
    assert not board.read()


def test_a_closed_terminal_is_a_lost_device(terminal: tuple[int, int]) -> None:
    person, program = terminal
    board = Keyboard(CONFIG, program)
    board.open()
    os.close(person)
    with pytest.raises(DeviceLost, match="terminal is closed"):
        board.read()


def test_the_terminal_is_given_back_as_it_was() -> None:
    person, program = pty.openpty()
    before = termios.tcgetattr(program)
    with single_keys(program):
        inside = termios.tcgetattr(program)[3]
        assert not inside & (termios.ECHO | termios.ICANON) and inside & termios.ISIG, "Ctrl-C goes on stopping"
    assert termios.tcgetattr(program) == before
    os.close(person)
    os.close(program)


def test_keys_for_the_robot_are_no_input_for_the_shell_afterwards() -> None:
    person, program = pty.openpty()
    with single_keys(program):
        os.write(person, b"ddd\r")
        time.sleep(0.05)
    assert not select.select([program], [], [], 0.2)[0]
    os.close(person)
    os.close(program)


def test_it_sees_to_the_terminal_itself_where_nobody_has() -> None:
    person, program = pty.openpty()
    before, board = termios.tcgetattr(program), Keyboard(CONFIG, program)
    board.open()
    assert typed(person, board, "w") == {"w"}
    board.close()
    assert termios.tcgetattr(program) == before
    os.close(person)
    os.close(program)


def test_without_a_terminal_it_says_what_to_do() -> None:
    reader, writer = os.pipe()
    with pytest.raises(UsageError, match="needs a terminal.*robot-rl teleop keyboard"):
        Keyboard(CONFIG, reader)
    os.close(reader)
    os.close(writer)


@given(st.text())
def test_any_characters_are_keys_or_nothing(text: str) -> None:
    assert all(isinstance(key, str) and key for key in keys(text))


def test_names_of_keys() -> None:
    assert list(keys("aA \t\x7f\x1b")) == ["a", "A", "space", "tab", "backspace", "esc"]
    assert list(keys("\x1b[C\x1bOD\x1b[1;2B\x1b[5~\x1b[Zq")) == ["right", "left", "shift+down", "q"]


def test_the_shipped_keyboard_moves_grips_and_ends_an_episode(terminal: tuple[int, int]) -> None:
    person, program = terminal
    config = load_device("keyboard")
    hand = Connection(Keyboard(config, program), InputMap(config))
    assert not hand.poll(0.0).acts
    seen, events, grips = [], [], []
    for key in "wSr y":
        os.write(person, key.encode())
        time.sleep(0.02)
        command = hand.poll(time.monotonic())
        seen.append(command)
        events += command.events
        grips += [command.gripper] if command.gripper is not None else []
    assert seen[0].motion["dx"] == pytest.approx(0.4) and seen[0].acts
    assert seen[2].motion["dz"] == pytest.approx(0.4)
    assert grips == [-1.0] and events == ["success"]
