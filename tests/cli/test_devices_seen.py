"""`robot-rl doctor` names devices that are plugged in, those that cannot be used with what that takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from robot_rl.cli import devices_seen, doctor

PADS = """I: Bus=0003 Vendor=045e Product=02ea Version=0408
N: Name="Microsoft X-Box One S pad"
H: Handlers=event5 js0
B: ABS=3003f

I: Bus=0011 Vendor=0001 Product=0001 Version=ab41
N: Name="AT Translated Set 2 keyboard"
H: Handlers=sysrq kbd event0 leds

"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine with a gamepad and a SpaceMouse, as the kernel tells of them."""
    (tmp_path / "proc/bus/input").mkdir(parents=True)
    (tmp_path / "proc/bus/input/devices").write_text(PADS)
    (tmp_path / "dev/input").mkdir(parents=True)
    for name in ("input/event0", "input/event5", "hidraw0", "hidraw1"):
        (tmp_path / "dev" / name).touch()
    for number, (ids, name) in enumerate((("0000256F:0000C635", "SpaceMouse Compact"), ("0000046D:0000C52B", "Mouse"))):
        folder = tmp_path / f"sys/class/hidraw/hidraw{number}/device"
        folder.mkdir(parents=True)
        (folder / "uevent").write_text(f"DRIVER=hid-generic\nHID_ID=0003:{ids}\nHID_NAME=3Dconnexion {name}\n")
    return tmp_path


def test_devices_are_seen_and_other_keyboards_and_mice_are_not(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices_seen, "missing", dict)
    assert devices_seen.devices(root) == [
        devices_seen.Seen("gamepad", "Microsoft X-Box One S pad", "/dev/input/event5"),
        devices_seen.Seen("SpaceMouse", "3Dconnexion SpaceMouse Compact", "/dev/hidraw0"),
    ]


def test_what_is_plugged_in_and_may_not_be_read_fails_with_its_remedy(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices_seen.os, "access", lambda path, mode: False)
    seen = devices_seen.devices(root)
    monkeypatch.setattr(devices_seen, "devices", lambda: seen)
    check = doctor.devices()
    assert not check.ok and "X-Box One S pad' at /dev/input/event5: no permission" in check.detail
    assert "usermod -aG input" in check.remedy and 'ATTRS{idVendor}==\\"256f\\"' in check.remedy


def test_a_device_without_its_library_fails_and_a_library_without_its_device_does_not(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices_seen.importlib.util, "find_spec", lambda name: None)
    seen = devices_seen.devices(root)
    assert [one.remedy for one in seen] == [devices_seen.EVDEV, devices_seen.HIDAPI]
    monkeypatch.setattr(devices_seen, "devices", list)
    check = doctor.devices()
    assert check.ok and "no gamepad; no SpaceMouse" in check.detail and "evdev-binary" in check.detail
