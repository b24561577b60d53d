"""librealsense's software device: frames with metadata for the driver, without a camera."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyrealsense2 as rs
import pytest

from robot_rl.config.camera import CameraNodeConfig
from robot_rl.perception.cameras.realsense import RealSenseCamera

WIDTH, HEIGHT, FPS = 64, 48, 30


class SoftwareCamera:
    """A RealSense with a colour and a depth sensor whose frames the test sends; `plugged` says whether it is there."""

    def __init__(self, serial: str = "111") -> None:
        self.device, self.plugged, self.number, self.unit = rs.software_device(), True, 0, 0.001
        self.device.register_info(rs.camera_info.serial_number, serial)
        self.device.register_info(rs.camera_info.name, "Software RealSense")
        self.colour, self.depth = self.device.add_sensor("RGB Camera"), self.device.add_sensor("Stereo Module")
        self.depth.add_read_only_option(rs.option.depth_units, 0.001)
        for option, low, high, default in (
            (rs.option.exposure, 1, 10000, 156),
            (rs.option.enable_auto_exposure, 0, 1, 1),
            (rs.option.gain, 0, 128, 64),
            (rs.option.white_balance, 2800, 6500, 4600),
            (rs.option.enable_auto_white_balance, 0, 1, 1),
        ):
            self.colour.add_option(option, rs.option_range(low, high, default, 1), True)
        self._colour = self.colour.add_video_stream(self._stream(rs.stream.color, rs.format.rgb8, 3, 1))
        self._depth = self.depth.add_video_stream(self._stream(rs.stream.depth, rs.format.z16, 2, 2))
        same = rs.extrinsics()
        same.rotation, same.translation = [1, 0, 0, 0, 1, 0, 0, 0, 1], [0, 0, 0]
        self._depth.register_extrinsics_to(self._colour, same)
        self._colour.register_extrinsics_to(self._depth, same)
        self._kept: list[np.ndarray] = []

    def _stream(self, kind: Any, pixels: Any, size: int, uid: int) -> Any:
        lens = rs.intrinsics()
        lens.width, lens.height, lens.fx, lens.fy, lens.ppx, lens.ppy = WIDTH, HEIGHT, 60.0, 61.0, 31.0, 23.0
        lens.model, lens.coeffs = rs.distortion.inverse_brown_conrady, [0.0] * 5
        stream = rs.video_stream()
        stream.type, stream.uid, stream.fmt, stream.bpp, stream.intrinsics = kind, uid, pixels, size, lens
        stream.width, stream.height, stream.fps = WIDTH, HEIGHT, FPS
        return stream

    def list(self) -> list[Any]:
        """What the driver sees as connected devices."""
        return [self.device] if self.plugged else []

    def send(self, image: np.ndarray, stamp_ms: float, depth: np.ndarray | None = None, **options: Any) -> None:
        """A colour frame, and the depth frame of the same time."""
        self.number = options.pop("number", self.number + 1)
        self.colour.set_metadata(rs.frame_metadata_value.actual_exposure, options.pop("exposure_us", 8000))
        self.colour.set_metadata(rs.frame_metadata_value.gain_level, options.pop("gain", 16))
        domain = options.pop("domain", rs.timestamp_domain.hardware_clock)
        if depth is not None:
            self.depth.on_video_frame(self._frame(depth, 2, stamp_ms, domain, self._depth))
        self.colour.on_video_frame(self._frame(image, 3, stamp_ms, domain, self._colour))

    def _frame(self, pixels: np.ndarray, size: int, stamp_ms: float, domain: Any, profile: Any) -> Any:
        self._kept = [*self._kept[-16:], pixels]
        frame = rs.software_video_frame()
        frame.pixels, frame.stride, frame.bpp = pixels, WIDTH * size, size
        frame.timestamp, frame.domain, frame.frame_number = stamp_ms, domain, self.number
        frame.depth_units, frame.profile = self.unit, profile.as_video_stream_profile()
        return frame


def noise(seed: int) -> np.ndarray:
    """A picture that no other seed gives."""
    return np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)


@pytest.fixture
def software() -> SoftwareCamera:
    return SoftwareCamera()


@pytest.fixture
def another() -> Callable[[str], SoftwareCamera]:
    """A second one, by serial number."""
    return SoftwareCamera


@pytest.fixture
def picture() -> Callable[[int], np.ndarray]:
    return noise


@pytest.fixture
def opened(software: SoftwareCamera) -> Iterator[Callable[..., RealSenseCamera]]:
    """Open the software device by the driver, with parameters."""
    made: list[RealSenseCamera] = []

    def open_one(clock: Callable[[], int] = time.time_ns, **options: Any) -> RealSenseCamera:
        settings = {"driver": "realsense", "width": WIDTH, "height": HEIGHT, "fps": float(FPS), **options}
        made.append(RealSenseCamera(CameraNodeConfig(**settings), clock, software.list))
        return made[-1]

    yield open_one
    for camera in made:
        camera.close()
