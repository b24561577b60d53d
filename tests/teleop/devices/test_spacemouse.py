"""The SpaceMouse at its library's boundary: pyspacemouse decodes raw HID reports, here from a list."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from robot_rl.config.devices import DeviceConfig, load_device
from robot_rl.teleop.connection import Connection
from robot_rl.teleop.device import DeviceLost
from robot_rl.teleop.devices import spacemouse
from robot_rl.teleop.devices.spacemouse import SpaceMouse
from robot_rl.teleop.mapping import InputMap

library = pytest.importorskip("pyspacemouse")
api = pytest.importorskip("pyspacemouse.api")
COMPACT = (0x256F, 0xC635)


class Hid:
    """A HID device as easyhid gives it: reports in, OSError-like exception once it is pulled."""

    path, product_string, manufacturer_string, release_number, serial_number = "/dev/null", "Compact", "3D", 1, ""
    vendor_id, product_id = COMPACT

    def __init__(self) -> None:
        self.reports: list[bytes] = []
        self.plugged = True

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    def set_nonblocking(self, on: bool) -> None:
        assert on

    def read(self, size: int) -> bytearray:
        if not self.plugged:
            raise RuntimeError("Failed to read from HID device: -1")
        return bytearray(self.reports.pop(0)) if self.reports else bytearray()


@pytest.fixture
def hid(monkeypatch: pytest.MonkeyPatch) -> Hid:
    device = Hid()

    class Bus:
        def __init__(self) -> None:
            self.device_list = [device]

        def find(self) -> list[Any]:
            return self.device_list

    monkeypatch.setattr(api, "Enumeration", Bus)
    return device


def report(number: int, x: int, y: int, z: int) -> bytes:
    return bytes([number]) + struct.pack("<hhh", x, y, z)


def test_cap_and_buttons_in_the_robots_axes(hid: Hid) -> None:
    driver = SpaceMouse(DeviceConfig(driver="spacemouse"))
    assert driver.open() == "SpaceMouseCompact"
    assert not any(driver.read().values())
    hid.reports += [report(1, 0, -350, 0), report(3, 1, 0, 0)]
    inputs = driver.read()
    assert inputs["x"] == pytest.approx(1.0) and inputs["y"] == pytest.approx(0.0), "pushed away from the person"
    assert inputs["left"] == 1.0 and inputs["right"] == 0.0
    hid.reports += [report(1, -175, 0, -350)]
    inputs = driver.read()
    assert [inputs[axis] for axis in "xyz"] == pytest.approx([0.0, 0.5, 1.0]), "left, and pulled up"


def test_pulled_out_is_said_and_a_new_one_is_taken(hid: Hid) -> None:
    config = load_device("spacemouse")
    hand = Connection(SpaceMouse(config), InputMap(config))
    hand.poll(0.0)
    hid.reports += [report(1, 0, -350, 0)]
    assert hand.poll(0.1).motion["dx"] == pytest.approx(0.8)
    hid.plugged = False
    assert "SpaceMouseCompact' is gone" in hand.poll(0.2).lost
    hid.plugged = True
    assert hand.poll(5.0).lost == "" and hand.there


def test_none_and_no_library_are_told_apart(hid: Hid, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DeviceLost, match="no SpaceMouse that matches 'Pro'"):
        SpaceMouse(DeviceConfig(driver="spacemouse", match="Pro")).open()

    def missing() -> None:
        raise AttributeError("hid_enumerate")

    monkeypatch.setattr(api, "Enumeration", missing)
    with pytest.raises(spacemouse.UsageError, match="libhidapi-hidraw0"):
        spacemouse.spacemice()
