"""As a new user at the keyboard of a terminal: the README's command, keys, and a store with the demonstration."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from ros_peer import RosPeer
from sensor_msgs.msg import JointState
from std_msgs.msg import Header

from robot_rl.core.record import Source
from robot_rl.nodes import convert, qos
from robot_rl.replay.reader import ReplayReader

pytestmark = pytest.mark.timeout(300)
KEYS = {"x": "sw", "y": "da", "z": "fr"}
"""Backwards and forwards along each axis."""
NEAR, THERE = 0.02, 0.006
LONG_S = 150.0


class Person(RosPeer):
    """Sees the arm and the ball, and presses the key that brings them together; begins where nothing happens."""

    def __init__(self, domain: int, terminal: int) -> None:
        self._terminal, self._pressed, self._ticked = terminal, 0.0, time.monotonic()
        self._state: dict[str, float] = {}
        super().__init__(domain, "person")
        self.node.create_subscription(JointState, "sim/state", self._see, qos.STREAM)
        self.node.create_subscription(Header, "tick", self._on_tick, qos.STREAM)

    def until(self, condition: Callable[[], bool], act: bool = True) -> bool:
        """Look, and press a key ten times a second, until `condition` holds or too long has passed."""
        deadline = time.monotonic() + LONG_S
        while not condition() and time.monotonic() < deadline:
            self.executor.spin_once(timeout_sec=0.02)
            if act and time.monotonic() - self._pressed > 0.1:
                self._pressed = time.monotonic()
                os.write(self._terminal, self._key().encode())
        return condition()

    @property
    def sees(self) -> bool:
        return bool(self._state)

    def _key(self) -> str:
        if time.monotonic() - self._ticked > 2.0:
            self._ticked = time.monotonic()
            return "\r"
        way = {axis: self._state[f"target_{axis}"] - self._state[f"tcp_{axis}"] for axis in "xyz"} if self.sees else {}
        axis = max(way, key=lambda name: abs(way[name]), default="x")
        if abs(way.get(axis, 0.0)) < THERE:
            return ""
        key = KEYS[axis][way[axis] > 0]
        return key.upper() if abs(way[axis]) < NEAR else key

    def _see(self, msg: JointState) -> None:
        self._state = convert.mapping_from_msg(msg)

    def _on_tick(self, msg: Header) -> None:
        del msg
        self._ticked = time.monotonic()


class Terminal:
    """A person's terminal with `robot-rl` in its foreground; what it shows is read and kept."""

    def __init__(self, *words: str) -> None:
        self.person, self.program = pty.openpty()
        self.before = termios.tcgetattr(self.program)
        self.shown = b""
        self.process = subprocess.Popen(
            [sys.executable, "-c", FOREGROUND, *words],
            stdin=self.program, stdout=self.program, stderr=self.program, start_new_session=True,
        )  # fmt: skip
        threading.Thread(target=self._read, daemon=True).start()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        for end in (self.person, self.program):
            os.close(end)

    def _read(self) -> None:
        try:
            while data := os.read(self.person, 4096):
                self.shown += data
        except OSError:
            return


FOREGROUND = """
import fcntl, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from robot_rl.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def terminal(free_domain: int, tmp_path: Path) -> Iterator[Terminal]:
    config = tmp_path / "patient.yaml"
    config.write_text("{policy: {episode_steps: 300, max_age_s: 1.0}, safety: {max_action_age_s: 1.0}}")
    words = ("demo", "reach", "--device", "keyboard", "--episodes", "2", "--run", f"{tmp_path}/run")
    made = Terminal(*words, "--config", str(config), "--domain", str(free_domain))
    yield made
    made.close()


def test_demonstrations_at_the_keyboard(terminal: Terminal, free_domain: int, tmp_path: Path) -> None:
    person = Person(free_domain, terminal.person)
    try:
        assert person.until(lambda: person.sees, act=False), terminal.shown.decode()
        assert b"w W up: away" in terminal.shown, "the keys are told before they are needed"
        assert not termios.tcgetattr(terminal.program)[3] & termios.ECHO
        assert person.until(lambda: terminal.process.poll() is not None), terminal.shown.decode()
    finally:
        person.close()
    assert terminal.process.returncode == 0, terminal.shown.decode()
    assert termios.tcgetattr(terminal.program) == terminal.before, "the terminal is as it was"
    reader = ReplayReader(tmp_path / "run/demos.zarr")
    # A machine that is too busy may lose an action between two ticks, which ends the record of that episode.
    assert any(episode.success for episode in reader.episodes())
    sources, actions, last = (reader.take(name, np.arange(len(reader))) for name in ("source", "action", "is_last"))
    assert set(sources[last == 0].tolist()) == {Source.HUMAN} and np.abs(actions[:, :3]).max() > 0.05


def test_ctrl_c_stops_everything_and_gives_the_terminal_back(terminal: Terminal, free_domain: int) -> None:
    person = Person(free_domain, terminal.person)
    try:
        assert person.until(lambda: person.sees, act=False), terminal.shown.decode()
    finally:
        person.close()
    os.write(terminal.person, b"\x03")
    assert terminal.process.wait(60) == 130, terminal.shown.decode()
    assert termios.tcgetattr(terminal.program) == terminal.before
