"""A RealSense camera: colour, and depth aligned to it, with the camera's own stamps on the node clock."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np

from robot_rl.config.camera import CameraNodeConfig
from robot_rl.perception.cameras.camera import CameraLost, Clock, Frame
from robot_rl.perception.cameras.device_clock import DeviceClock
from robot_rl.perception.cameras.realsense_depth import DepthAligner
from robot_rl.perception.cameras.realsense_device import (
    DeviceSource,
    choose_device,
    connected_devices,
    find_modes,
    library,
    optics_of,
    set_controls,
)

OLDEST_NS = 1_000_000_000
"""A host stamp further back than this is none: the clocks of library and node differ."""
PLUGGED_CHECK_S = 0.25
"""Silence after which it is asked whether the device is still there."""
WAITING = 4
"""Frames of a stream that wait to be read; the oldest go."""
Arrived = tuple[Any, int]
"""A frame and when it came, node clock [ns]."""


class RealSenseCamera:
    """Takes frames from the sensors themselves, each the moment the library has it."""

    live = True

    def __init__(self, config: CameraNodeConfig, clock: Clock, devices: DeviceSource = connected_devices) -> None:
        """`devices` lists what is connected."""
        rs = self._rs = library()
        self._clock, self._devices, self._map = clock, devices, DeviceClock()
        self._period_ms = 1e3 / config.fps
        self._aligner = DepthAligner(rs) if config.depth else None
        streams = (rs.stream.color, rs.stream.depth)
        self._waiting = {stream: deque[Arrived](maxlen=WAITING) for stream in streams}
        self._arrival = threading.Condition()
        self._running: list[Any] = []
        self.serial, self._heard = config.device, time.monotonic()
        try:
            with lost_on_error(config.device):
                self._open(config)
        except BaseException:
            self.close()
            raise

    def _open(self, config: CameraNodeConfig) -> None:
        rs = self._rs
        device = choose_device(rs, self._devices(), config.device)
        self.serial = device.get_info(rs.camera_info.serial_number)
        modes = find_modes(rs, device, config)
        self.optics = optics_of(rs, modes[0].profiles[0], self.serial)
        set_controls(rs, modes[0].sensor, config)
        for mode in modes:
            mode.sensor.open(mode.profiles)
            self._running.append(mode.sensor)
            mode.sensor.start(self._on_frame)

    @property
    def clock_offset_ns(self) -> int | None:
        """Estimated node clock minus device clock [ns]; None where the library itself stamps by the host's clock."""
        return self._map.offset_ns

    def _on_frame(self, frame: Any) -> None:
        arrival_ns = self._clock()
        with self._arrival:
            self._waiting[frame.get_profile().stream_type()].append((frame, arrival_ns))
            self._arrival.notify()

    def read(self, timeout_s: float) -> Frame | None:
        """The next colour frame, with the depth of the same time where there is any; CameraLost once unplugged."""
        waiting = self._waiting[self._rs.stream.color]
        with self._arrival:
            self._arrival.wait_for(lambda: waiting, timeout_s)
            arrived = waiting.popleft() if waiting else None
        with lost_on_error(self.serial):
            if arrived is None:
                self._check_plugged()
                return None
            self._heard = time.monotonic()
            return self._frame(*arrived)

    def _check_plugged(self) -> None:
        if time.monotonic() - self._heard < PLUGGED_CHECK_S:
            return
        info = self._rs.camera_info.serial_number
        if self.serial not in [device.get_info(info) for device in self._devices()]:
            raise CameraLost(f"RealSense '{self.serial}' is unplugged: plug it in again.")

    def _frame(self, colour: Any, arrival_ns: int) -> Frame:
        values = self._rs.frame_metadata_value
        depth = self._depth_of(colour) if self._aligner else None
        return Frame(
            np.array(colour.get_data()),
            self._stamp(colour, arrival_ns),
            int(colour.get_frame_number()),
            depth,
            exposure_us=_metadata(colour, values.actual_exposure),
            gain=_metadata(colour, values.gain_level),
        )

    def _stamp(self, frame: Any, arrival_ns: int) -> int:
        stamp_ns = round(frame.get_timestamp() * 1e6)
        host = frame.get_frame_timestamp_domain() != self._rs.timestamp_domain.hardware_clock
        if host and 0 <= arrival_ns - stamp_ns < OLDEST_NS:
            return stamp_ns
        return self._map.stamp(stamp_ns, arrival_ns)

    def _depth_of(self, colour: Any) -> np.ndarray | None:
        """The depth picture nearest in time, None where none is within half a period."""
        assert self._aligner is not None
        at, waiting = colour.get_timestamp(), self._waiting[self._rs.stream.depth]
        nearest = 0.5 * self._period_ms
        with self._arrival:
            self._arrival.wait_for(
                lambda: bool(waiting) and waiting[-1][0].get_timestamp() > at - nearest, self._period_ms * 1e-3
            )
            near = [frame for frame, _ in waiting if abs(frame.get_timestamp() - at) < nearest]
        if not near:
            return None
        return self._aligner.align(colour, min(near, key=lambda frame: abs(frame.get_timestamp() - at)))

    def close(self) -> None:
        """Release the device."""
        for sensor in self._running:
            for end in (sensor.stop, sensor.close):
                with contextlib.suppress(RuntimeError):  # it is unplugged, or never started
                    end()
        self._running.clear()
        for waiting in self._waiting.values():
            waiting.clear()


@contextlib.contextmanager
def lost_on_error(device: str) -> Iterator[None]:
    """Raise the library's errors as CameraLost: it has no kinds of them, and most come from a cable or another user."""
    try:
        yield
    except RuntimeError as error:
        name = f"RealSense '{device}'" if device else "the RealSense"
        raise CameraLost(f"{name} failed ({error}): end the program that uses it, or plug it in again.") from None


def _metadata(frame: Any, value: Any) -> float | None:
    return float(frame.get_frame_metadata(value)) if frame.supports_frame_metadata(value) else None
