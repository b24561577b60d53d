"""A V4L2 (USB) camera through OpenCV."""

from __future__ import annotations

import os
import time
from pathlib import Path

from robot_rl.config.camera import CameraNodeConfig
from robot_rl.core.errors import UsageError
from robot_rl.perception.cameras.camera import CameraLost, Clock, Frame
from robot_rl.perception.cameras.ops import swap_channels
from robot_rl.perception.cameras.video_devices import BY_ID, holders, video_devices

MANUAL, AUTOMATIC = 1, 3
"""Menu of V4L2_CID_EXPOSURE_AUTO: manual, and aperture priority, which is what USB cameras have."""
EXPOSURE_UNIT_US = 100.0
"""Unit of V4L2_CID_EXPOSURE_ABSOLUTE."""
OLDEST_NS = 1_000_000_000
"""A driver's own stamp further back than this is none (it may be of another clock)."""


class V4L2Camera:
    """Frames with the kernel's stamp of the first byte where the driver gives one, else of their arrival."""

    live, optics, clock_offset_ns = True, None, None

    def __init__(self, config: CameraNodeConfig, clock: Clock) -> None:
        # Read once by OpenCV: how long [s] it waits for a frame of a device that is there and sends none.
        os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "1")
        import cv2

        self._cv2, self._clock, self._number = cv2, clock, 0
        self._path = device_path(config.device)
        self._capture = cv2.VideoCapture(str(self._path), cv2.CAP_V4L2)
        try:
            if not self._capture.isOpened():
                raise CameraLost(why_closed(self._path))
            self._set_mode(config)
            self._set_controls(config)
        except BaseException:
            self._capture.release()
            raise

    def _set_mode(self, config: CameraNodeConfig) -> None:
        cv2, mode = self._cv2, {}
        if config.fourcc:
            mode["fourcc"] = (cv2.CAP_PROP_FOURCC, float(fourcc_code(config.fourcc)))
        mode["width"] = (cv2.CAP_PROP_FRAME_WIDTH, float(config.width))
        mode["height"] = (cv2.CAP_PROP_FRAME_HEIGHT, float(config.height))
        mode["fps"] = (cv2.CAP_PROP_FPS, config.fps)
        for prop, value in mode.values():
            self._capture.set(prop, value)
        for name, (prop, value) in mode.items():
            got = self._capture.get(prop)
            if abs(got - value) > 0.01 * value:
                asked, given = (fourcc_name(int(v)) if name == "fourcc" else f"{v:g}" for v in (value, got))
                raise UsageError(
                    f"camera '{self._path}' does not do {name} {asked} at {config.width}x{config.height} px, "
                    f"it gives {given}: choose a mode of 'v4l2-ctl -d {self._path} --list-formats-ext'."
                )

    def _set_controls(self, config: CameraNodeConfig) -> None:
        cv2 = self._cv2
        manual = config.exposure_us > 0.0
        self._control("exposure_us", cv2.CAP_PROP_AUTO_EXPOSURE, MANUAL if manual else AUTOMATIC, manual)
        if manual:
            self._control("exposure_us", cv2.CAP_PROP_EXPOSURE, config.exposure_us / EXPOSURE_UNIT_US)
        if config.gain >= 0.0:
            self._control("gain", cv2.CAP_PROP_GAIN, config.gain)
        fixed = config.white_balance_k > 0.0
        self._control("white_balance_k", cv2.CAP_PROP_AUTO_WB, 0.0 if fixed else 1.0, fixed)
        if fixed:
            self._control("white_balance_k", cv2.CAP_PROP_WB_TEMPERATURE, config.white_balance_k)

    def _control(self, name: str, prop: int, value: float, needed: bool = True) -> None:
        """Set a control; UsageError where it is needed and the device refuses it."""
        if not self._capture.set(prop, value) and needed:
            raise UsageError(
                f"camera '{self._path}' does not take {name} {value:g} (in its own unit): leave it automatic, or "
                f"choose from 'v4l2-ctl -d {self._path} --list-ctrls'."
            )

    def read(self, timeout_s: float) -> Frame | None:
        """The next frame; CameraLost where the device gives none. It waits by OpenCV's limit, not by `timeout_s`."""
        del timeout_s
        good, image = self._capture.read()
        if not good:
            there = "gives no frame" if self._path.exists() else "is gone"
            raise CameraLost(f"camera '{self._path}' {there}: check its cable.")
        self._number += 1
        exposure = self._capture.get(self._cv2.CAP_PROP_EXPOSURE)
        return Frame(
            swap_channels(image),
            self._stamp(),
            self._number,
            exposure_us=exposure * EXPOSURE_UNIT_US if exposure > 0.0 else None,
            gain=self._capture.get(self._cv2.CAP_PROP_GAIN),
        )

    def _stamp(self) -> int:
        """The kernel's stamp of the frame, on its monotonic clock, as node time."""
        kernel_ns = round(self._capture.get(self._cv2.CAP_PROP_POS_MSEC) * 1e6)
        now_ns, age_ns = self._clock(), time.monotonic_ns() - kernel_ns
        return now_ns - age_ns if 0 <= age_ns < OLDEST_NS else now_ns

    def close(self) -> None:
        """Release the device."""
        self._capture.release()


def device_path(device: str) -> Path:
    """The device file that a number, a path or a by-id name means; CameraLost where it is not there."""
    if not device:
        raise UsageError(f"driver v4l2 needs a device: give a path or a name in {BY_ID}; there are {video_devices()}.")
    path = Path(f"/dev/video{device}") if device.isdecimal() else Path(device)
    if not path.is_absolute():
        path = BY_ID / device
    if not path.exists():
        raise CameraLost(f"there is no camera '{path}': plug it in, or name another; there are {video_devices()}.")
    return path


def why_closed(path: Path) -> str:
    """Why a device file that is there cannot be opened as a camera."""
    if not os.access(path, os.R_OK | os.W_OK):
        return f"camera '{path}' may not be opened by this user: add the user to the group 'video'."
    others = holders(path)
    if others:
        return f"camera '{path}' is busy: end {', '.join(others)}, or use another camera."
    return f"camera '{path}' does not open: another user's program may use it, or it is no video capture device."


def fourcc_code(name: str) -> int:
    """A four-character code as V4L2's number; UsageError where it has not four characters."""
    if len(name) != 4 or not name.isascii():
        raise UsageError(f"fourcc is '{name}': give four characters, such as MJPG or YUYV.")
    return int.from_bytes(name.encode(), "little")


def fourcc_name(code: int) -> str:
    """V4L2's number as four characters."""
    return code.to_bytes(4, "little", signed=code < 0).decode("ascii", "replace").strip("\0") or "none"
