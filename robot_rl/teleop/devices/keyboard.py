"""The keyboard of a terminal, also over ssh: characters in, no window, no permission.

Inputs: the characters themselves (w, W, 1, ...), and space enter tab backspace esc up down left right, the arrows with
shift+ before them. A terminal tells no release, so a key counts as held for `tap_s` after each character; held down it
repeats by itself after the keyboard's delay. Ctrl-C stays what it is.
"""

from __future__ import annotations

import os
import re
import select
import sys
import termios
import time
import tty
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress

from robot_rl.config.devices import DeviceConfig
from robot_rl.core.errors import UsageError
from robot_rl.teleop.device import DeviceLost

NAMES = {" ": "space", "\r": "enter", "\n": "enter", "\t": "tab", "\x7f": "backspace", "\x08": "backspace"}
ARROWS = {"A": "up", "B": "down", "C": "right", "D": "left"}
TOKEN = re.compile(r"\x1b(?:O|\[(?:1;(?P<modifier>\d))?)(?P<arrow>[ABCD])|\x1b\[[0-9;]*[~A-Za-z]|(?P<other>.)", re.S)
SHIFT = "2"
REMEDY = "start it from a terminal, or 'robot-rl teleop keyboard' in another one with device:=external here"

CLOSED = "the terminal is closed: the keyboard is gone with it"


def keys(text: str) -> Iterator[str]:
    """The names of the keys that characters from a terminal stand for; sequences of other keys are left out."""
    for token in TOKEN.finditer(text):
        if token["arrow"]:
            yield ("shift+" if token["modifier"] == SHIFT else "") + ARROWS[token["arrow"]]
        elif token["other"] == "\x1b":
            yield "esc"
        elif token["other"]:
            yield NAMES.get(token["other"], token["other"])


@contextmanager
def single_keys(descriptor: int) -> Iterator[None]:
    """Let the terminal give single keys without echo, and put it back; Ctrl-Z is off: nobody would hold the robot."""
    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor)
        mode = termios.tcgetattr(descriptor)
        mode[6][termios.VSUSP] = b"\x00"
        termios.tcsetattr(descriptor, termios.TCSADRAIN, mode)
        yield
    finally:
        with suppress(termios.error):  # the terminal is closed
            termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)  # keys for the robot are none for the shell


def standard_input() -> int:
    """Descriptor of standard input; -1 where there is none."""
    with suppress(AttributeError, OSError, ValueError):
        return sys.stdin.fileno()
    return -1


class Keyboard:
    """The terminal on standard input, told to give single keys unless whoever started this process has done so."""

    def __init__(self, config: DeviceConfig, descriptor: int | None = None) -> None:
        """UsageError where standard input, or `descriptor`, is no terminal."""
        self._descriptor = standard_input() if descriptor is None else descriptor
        if self._descriptor < 0 or not os.isatty(self._descriptor):
            raise UsageError(f"the keyboard needs a terminal and standard input is none: {REMEDY}.")
        self._tap_s = config.tap_s
        self._held: dict[str, float] = {}
        self._mode = ExitStack()

    def open(self) -> str:
        """Forget what was typed before."""
        try:
            if termios.tcgetattr(self._descriptor)[3] & termios.ICANON:
                self._mode.enter_context(single_keys(self._descriptor))
            termios.tcflush(self._descriptor, termios.TCIFLUSH)
        except termios.error:
            raise DeviceLost(CLOSED) from None
        return f"keyboard of {os.ttyname(self._descriptor)}"

    def read(self) -> Mapping[str, float]:
        """Keys whose character came within `tap_s`."""
        now = time.monotonic()
        for key in keys(self._typed()):
            self._held[key] = now
        self._held = {key: since for key, since in self._held.items() if now - since < self._tap_s}
        return dict.fromkeys(self._held, 1.0)

    def close(self) -> None:
        """Forget what is held, and leave the terminal as it was."""
        self._held.clear()
        self._mode.close()

    def _typed(self) -> str:
        try:
            if not select.select([self._descriptor], [], [], 0.0)[0]:
                return ""
            data = os.read(self._descriptor, 1024)
        except OSError:
            data = b""
        if not data:
            raise DeviceLost(CLOSED)
        return data.decode(errors="ignore")


DRIVER = Keyboard
