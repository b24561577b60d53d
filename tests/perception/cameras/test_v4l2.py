"""The V4L2 driver against a played OpenCV: there is no video device where the tests run."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from robot_rl.config.camera import CameraNodeConfig
from robot_rl.core.errors import UsageError
from robot_rl.perception.cameras import v4l2, video_devices
from robot_rl.perception.cameras.camera import CameraLost

S, MS = 1_000_000_000, 1_000_000


class PlayedCapture:
    """What cv2.VideoCapture does with a device: takes what `takes` allows, gives one blue picture."""

    def __init__(self) -> None:
        self.opens, self.sends, self.kernel_ms = True, True, 0.0
        self.refused: set[int] = set()
        self.values: dict[int, float] = {}
        self.fixed: dict[int, float] = {}
        self.released = 0

    def isOpened(self) -> bool:
        return self.opens

    def set(self, prop: int, value: float) -> bool:
        if prop not in self.refused:
            self.values[prop] = value
        return prop not in self.refused

    def get(self, prop: int) -> float:
        return self.kernel_ms if prop == cv2.CAP_PROP_POS_MSEC else {**self.values, **self.fixed}.get(prop, 0.0)

    def read(self) -> tuple[bool, np.ndarray | None]:
        image = np.zeros((48, 64, 3), np.uint8)
        image[..., 0] = 200
        return (True, image) if self.sends else (False, None)

    def release(self) -> None:
        self.released += 1


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> PlayedCapture:
    capture = PlayedCapture()
    monkeypatch.setattr(cv2, "VideoCapture", lambda path, backend: capture)
    return capture


@pytest.fixture
def opened(played: PlayedCapture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., v4l2.V4L2Camera]:
    """Open a device file that is there."""
    monkeypatch.setattr(v4l2, "BY_ID", tmp_path)
    (tmp_path / "usb-cam").touch()

    def open_one(clock: Callable[[], int] = lambda: 50 * S, **options: Any) -> v4l2.V4L2Camera:
        settings = {"driver": "v4l2", "device": "usb-cam", "width": 64, "height": 48, **options}
        return v4l2.V4L2Camera(CameraNodeConfig(**settings), clock)

    return open_one


def test_the_mode_is_asked_for_and_frames_are_rgb(opened, played) -> None:
    frame = opened(fourcc="MJPG", fps=15.0).read(0.1)
    assert frame.image[0, 0].tolist() == [0, 0, 200] and frame.number == 1
    assert played.values[cv2.CAP_PROP_FOURCC] == cv2.VideoWriter.fourcc(*"MJPG")
    asked = [played.values[p] for p in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FPS)]
    assert asked == [64, 48, 15]


def test_automatic_and_fixed_controls(opened, played) -> None:
    opened()
    assert (played.values[cv2.CAP_PROP_AUTO_EXPOSURE], played.values[cv2.CAP_PROP_AUTO_WB]) == (3, 1)
    frame = opened(exposure_us=8000.0, gain=12.0, white_balance_k=4000.0).read(0.1)
    assert (played.values[cv2.CAP_PROP_AUTO_EXPOSURE], played.values[cv2.CAP_PROP_EXPOSURE]) == (1, 80)
    assert (played.values[cv2.CAP_PROP_AUTO_WB], played.values[cv2.CAP_PROP_WB_TEMPERATURE]) == (0, 4000)
    assert (frame.exposure_us, frame.gain) == (8000, 12)


def test_the_kernels_stamp_is_used_where_it_is_one(opened, played) -> None:
    camera = opened()
    played.kernel_ms = (time.monotonic_ns() - 30 * MS) / MS
    assert 50 * S - 130 * MS < camera.read(0.1).stamp_ns <= 50 * S - 30 * MS
    for other in (0.0, time.time_ns() / MS):
        played.kernel_ms = other
        assert camera.read(0.1).stamp_ns == 50 * S


def test_a_device_that_fails_is_lost_and_it_says_whether_it_is_there(opened, played, tmp_path: Path) -> None:
    camera = opened()
    played.sends = False
    with pytest.raises(CameraLost, match="usb-cam' gives no frame"):
        camera.read(0.1)
    (tmp_path / "usb-cam").unlink()
    with pytest.raises(CameraLost, match="usb-cam' is gone"):
        camera.read(0.1)


@pytest.mark.parametrize(
    ("prop", "value", "options", "sentence"),
    [
        (cv2.CAP_PROP_FRAME_WIDTH, 640, {}, "does not do width 64 at 64x48 px, it gives 640: .*--list-formats-ext"),
        (cv2.CAP_PROP_FPS, 10, {}, "does not do fps 30 .*it gives 10"),
        (cv2.CAP_PROP_FOURCC, 0x56595559, {"fourcc": "MJPG"}, "does not do fourcc MJPG .*it gives YUYV"),
    ],
)
def test_an_unsupported_mode(opened, played, prop: int, value: float, options: dict, sentence: str) -> None:
    played.fixed[prop] = value
    with pytest.raises(UsageError, match=sentence):
        opened(**options)
    assert played.released == 1


def test_controls_that_the_device_refuses(opened, played) -> None:
    played.refused = {cv2.CAP_PROP_AUTO_EXPOSURE, cv2.CAP_PROP_AUTO_WB, cv2.CAP_PROP_GAIN}
    with pytest.raises(UsageError, match="does not take gain 5"):
        opened(gain=5.0)
    with pytest.raises(UsageError, match="does not take exposure_us"):
        opened(exposure_us=500.0)


def test_a_fourcc_that_is_none(opened) -> None:
    with pytest.raises(UsageError, match="fourcc is 'MJPEG': give four characters"):
        opened(fourcc="MJPEG")


def test_names_of_devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(v4l2, "BY_ID", tmp_path)
    with pytest.raises(UsageError, match="driver v4l2 needs a device"):
        v4l2.device_path("")
    with pytest.raises(CameraLost, match="there is no camera '/dev/video77': plug it in"):
        v4l2.device_path("77")
    (tmp_path / "usb-x").touch()
    assert v4l2.device_path("usb-x") == v4l2.device_path(str(tmp_path / "usb-x")) == tmp_path / "usb-x"


def test_a_device_that_does_not_open_is_busy_or_forbidden(opened, played, tmp_path: Path, monkeypatch) -> None:
    played.opens = False
    monkeypatch.setattr(v4l2, "holders", lambda path: ["guvcview (process 7)"])
    with pytest.raises(CameraLost, match="usb-cam' is busy: end guvcview .process 7."):
        opened()
    monkeypatch.setattr(v4l2, "holders", lambda path: [])
    with pytest.raises(CameraLost, match="does not open: another user's program"):
        opened()
    monkeypatch.setattr(v4l2.os, "access", lambda path, mode: False)
    with pytest.raises(CameraLost, match="add the user to the group 'video'"):
        opened()
    assert played.released == 3


def test_devices_are_listed_with_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DEV", "SYS", "BY_ID", "PROC"):
        (tmp_path / name).mkdir()
        monkeypatch.setattr(video_devices, name, tmp_path / name)
    assert video_devices.video_devices() == "none"
    device = tmp_path / "DEV" / "video0"
    device.touch()
    assert video_devices.list_video_devices() == [str(device)]
    (tmp_path / "SYS" / "video0").mkdir()
    (tmp_path / "SYS" / "video0" / "name").write_text("HD Webcam\n")
    (tmp_path / "BY_ID" / "usb-hd").symlink_to(device)
    assert video_devices.list_video_devices() == [f"{device} (HD Webcam, usb-hd)"]
    (tmp_path / "PROC" / "12" / "fd").mkdir(parents=True)
    (tmp_path / "PROC" / "12" / "fd" / "3").symlink_to(device)
    (tmp_path / "PROC" / "12" / "comm").write_text("cheese\n")
    assert video_devices.holders(tmp_path / "BY_ID" / "usb-hd") == ["cheese (process 12)"]
