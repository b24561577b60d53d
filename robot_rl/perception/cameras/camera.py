"""What a camera is to the rest: frames stamped at capture, and an error when the device is gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from robot_rl.core.errors import RobotRLError

Clock = Callable[[], int]
"""The node clock [ns]."""


class CameraLost(RobotRLError):
    """The device is absent, busy or silent: something that may mend itself, so that opening it again makes sense."""


@dataclass(frozen=True)
class Frame:
    """One picture."""

    image: np.ndarray
    """uint8 (H, W, 3) RGB."""
    stamp_ns: int
    """Time of capture, node clock [ns]."""
    number: int
    """The device's own count; a gap is a frame that never reached this computer."""
    depth: np.ndarray | None = None
    """uint16 (H, W) [mm], aligned to `image`; 0 where unknown."""
    exposure_us: float | None = None
    gain: float | None = None


@dataclass(frozen=True)
class Optics:
    """Intrinsics that a device knows of itself, for its raw picture (pixel centres are whole numbers)."""

    matrix: np.ndarray
    """K (3, 3) [px]."""
    distortion_model: str
    """As in camera_info: plumb_bob, rational_polynomial or equidistant."""
    distortion: np.ndarray
    serial: str = ""
    """The device's serial number, '' where it has none."""


class Camera(Protocol):
    """An open device. Constructing one opens it: CameraLost where it is absent, UsageError where it never will do."""

    @property
    def live(self) -> bool:
        """False where identical frames in a row are in order, as in files."""

    @property
    def optics(self) -> Optics | None:
        """What the device knows of its lens, None for nothing."""

    @property
    def clock_offset_ns(self) -> int | None:
        """Estimated node clock minus device clock [ns], None where the device has no clock of its own."""

    def read(self, timeout_s: float) -> Frame | None:
        """The next frame, None where there is none within `timeout_s`; CameraLost when the device is gone."""

    def close(self) -> None:
        """Release the device; nothing is read afterwards."""
