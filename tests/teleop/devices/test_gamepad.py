"""The gamepad at its library's boundary: evdev's own reader decodes kernel events, here from a pipe.

There is no /dev/uinput where this is tested; what a pad can do, which the kernel is asked by ioctl, is given.
"""

from __future__ import annotations

import errno
import os
import struct
from typing import Any

import pytest

from robot_rl.config.devices import DeviceConfig, load_device
from robot_rl.core.errors import UsageError
from robot_rl.teleop.connection import Connection
from robot_rl.teleop.device import DeviceLost
from robot_rl.teleop.devices import gamepad
from robot_rl.teleop.devices.gamepad import Gamepad
from robot_rl.teleop.mapping import InputMap

evdev = pytest.importorskip("evdev")
codes = evdev.ecodes
EVENT = struct.Struct("llHHi")
STICK, TRIGGER = (0, -32768, 32767, 16, 128, 0), (0, 0, 255, 0, 0, 0)
PAD = {
    codes.EV_KEY: [codes.BTN_SOUTH, codes.BTN_TR, codes.BTN_TL],
    codes.EV_ABS: [
        *((code, STICK) for code in (codes.ABS_X, codes.ABS_Y, codes.ABS_RX, codes.ABS_RY)),
        (codes.ABS_Z, TRIGGER),
        (codes.ABS_RZ, TRIGGER),
    ],
}
CONFIG = DeviceConfig(driver="gamepad")


class PipePad(evdev.InputDevice):
    """An InputDevice whose events come from a pipe instead of /dev/input."""

    def __init__(self, name: str = "Pad", able: dict[int, list[Any]] | None = None) -> None:
        self.fd, self.kernel = os.pipe()
        os.set_blocking(self.fd, False)
        self.path, self.name, self._rawcapabilities = "/dev/input/event7", name, able or PAD
        self.held: list[int] = []

    def active_keys(self, verbose: bool = False) -> list[int]:
        return self.held

    def send(self, kind: int, code: int, value: int) -> None:
        os.write(self.kernel, EVENT.pack(0, 0, kind, code, value) + EVENT.pack(0, 0, codes.EV_SYN, codes.SYN_REPORT, 0))


@pytest.fixture
def pads(monkeypatch: pytest.MonkeyPatch) -> list[PipePad]:
    """The pads that are plugged in."""
    there: list[PipePad] = []
    monkeypatch.setattr(evdev, "list_devices", lambda: list(range(len(there))))
    monkeypatch.setattr(evdev, "InputDevice", lambda path, readonly: there[path])
    return there


def test_sticks_triggers_and_buttons_have_their_names_and_ranges(pads: list[PipePad]) -> None:
    pads.append(PipePad("Xbox"))
    driver = Gamepad(CONFIG)
    assert driver.open() == "Xbox"
    at_rest = driver.read()
    assert {"left_x", "left_y", "right_x", "right_y", "lt", "rt", "south", "rb", "lb"} == set(at_rest)
    assert all(abs(value) < 1e-3 for value in at_rest.values())
    for code, value in ((codes.ABS_Y, -32768), (codes.ABS_RX, 32767), (codes.ABS_RZ, 255)):
        pads[0].send(codes.EV_ABS, code, value)
    pads[0].send(codes.EV_KEY, codes.BTN_TR, 1)
    inputs = driver.read()
    assert [inputs[name] for name in ("left_y", "right_x", "rt", "rb")] == pytest.approx([-1, 1, 1, 1], abs=1e-4)
    pads[0].send(codes.EV_KEY, codes.BTN_TR, 0)
    assert driver.read()["rb"] == 0.0


def test_a_pad_without_a_second_stick_of_its_own_axes_has_it_on_z(pads: list[PipePad]) -> None:
    able = {codes.EV_KEY: PAD[codes.EV_KEY], codes.EV_ABS: [(c, STICK) for c in (0, 1, codes.ABS_Z, codes.ABS_RZ)]}
    pads.append(PipePad(able=able))
    driver = Gamepad(CONFIG)
    driver.open()
    assert {"left_x", "left_y", "right_x", "right_y"} <= set(driver.read())


def test_unplugged_in_motion_is_said_and_it_comes_back(pads: list[PipePad], monkeypatch: pytest.MonkeyPatch) -> None:
    pads.append(PipePad())
    config = load_device("gamepad")
    hand = Connection(Gamepad(config), InputMap(config))
    assert not hand.poll(0.0).acts
    pads[0].send(codes.EV_KEY, codes.BTN_TR, 1)
    pads[0].send(codes.EV_ABS, codes.ABS_Y, -32768)
    acting = hand.poll(0.1)
    assert acting.acts and acting.motion["dx"] == pytest.approx(0.7, abs=1e-3)

    def gone() -> None:
        raise OSError(errno.ENODEV, "No such device")

    old, new = pads.pop(), PipePad()
    monkeypatch.setattr(PipePad, "read", lambda self: gone() if self is old else evdev.InputDevice.read)
    lost = hand.poll(0.2)
    assert not lost.acts and "'Pad' is gone" in lost.lost
    monkeypatch.undo()
    monkeypatch.setattr(evdev, "list_devices", lambda: [0])
    monkeypatch.setattr(evdev, "InputDevice", lambda path, readonly: new)
    assert hand.poll(5.0).lost == "" and not hand.poll(5.1).acts
    new.send(codes.EV_KEY, codes.BTN_TR, 1)
    assert hand.poll(5.2).acts and hand.losses == 1


def test_events_that_the_kernel_dropped_are_made_up_for(pads: list[PipePad]) -> None:
    pads.append(PipePad())
    driver = Gamepad(CONFIG)
    driver.open()
    pads[0].held = [codes.BTN_SOUTH]
    pads[0].send(codes.EV_SYN, codes.SYN_DROPPED, 0)
    assert driver.read()["south"] == 1.0


def test_the_pad_that_matches_is_taken_and_others_are_named(pads: list[PipePad]) -> None:
    pads += [PipePad("Left"), PipePad("Right")]
    assert Gamepad(DeviceConfig(driver="gamepad", match="Right")).open() == "Right"
    pads[:] = [PipePad("Left")]
    with pytest.raises(DeviceLost, match="matches 'Up' .there is Left."):
        Gamepad(DeviceConfig(driver="gamepad", match="Up")).open()
    pads.clear()
    with pytest.raises(DeviceLost, match="no gamepad: plug it in"):
        Gamepad(CONFIG).open()


def test_without_evdev_the_line_that_installs_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "evdev", None)
    with pytest.raises(UsageError, match="pip install evdev-binary"):
        gamepad.library()
