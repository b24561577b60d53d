"""`robot-rl doctor` and the library check it shares with `make setup`."""

from __future__ import annotations

import json

import pytest

from robot_rl.cli import doctor
from robot_rl.cli.doctor import Check
from robot_rl.cli.libraries import Library, loads, missing_packages
from robot_rl.cli.main import main


def test_a_failed_check_gives_1_and_its_remedy(monkeypatch, capsys):
    checks = (lambda: Check("a", True, "fine"), lambda: Check("b", False, "broken", "mend it"))
    monkeypatch.setattr(doctor, "CHECKS", checks)
    assert main(["doctor", "--json"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["ok   a: fine", "FAIL b: broken  -> mend it"]
    assert json.loads(lines[-1])["ok"] is False


def test_good_checks_give_0(monkeypatch):
    monkeypatch.setattr(doctor, "CHECKS", (doctor.python, doctor.files))
    assert main(["doctor"]) == 0


def test_a_package_that_cannot_be_imported_is_named(monkeypatch):
    monkeypatch.setattr(doctor, "MODULES", ("json", "no_such_module"))
    check = doctor.wheels()
    assert not check.ok
    assert "no_such_module" in check.detail
    assert "json" not in check.detail


def test_any_of_a_librarys_files_will_do(monkeypatch):
    assert loads(Library("c", ("libnothing.so.9", "libc.so.6"), ("libc6",)))
    lost = Library("x", ("libnothing.so.9",), ("libnothing9", "libmore"))
    monkeypatch.setattr("robot_rl.cli.libraries.LIBRARIES", (lost,))
    assert missing_packages() == ["libnothing9", "libmore"]


def test_cameras_are_listed_as_their_drivers_name_them(monkeypatch, tmp_path):
    from robot_rl.perception.cameras import found, video_devices

    software = realsense("123456")
    monkeypatch.setattr(found, "connected_devices", lambda: [software])
    (tmp_path / "video0").touch()
    monkeypatch.setattr(video_devices, "DEV", tmp_path)
    check = doctor.cameras()
    assert check.ok
    assert check.detail == f"realsense '123456' (Software RealSense), v4l2 {tmp_path / 'video0'}"
    monkeypatch.setattr(found, "connected_devices", list)
    monkeypatch.setattr(video_devices, "DEV", tmp_path / "nothing")
    assert doctor.cameras() == Check("cameras", True, "none found")


def realsense(serial):
    """librealsense's software device."""
    rs = pytest.importorskip("pyrealsense2")
    device = rs.software_device()
    device.register_info(rs.camera_info.serial_number, serial)
    device.register_info(rs.camera_info.name, "Software RealSense")
    return device
