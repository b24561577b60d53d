"""Choosing a RealSense device, its modes and its controls."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from robot_rl.config.camera import CameraNodeConfig
from robot_rl.core.errors import UsageError
from robot_rl.perception.cameras.camera import CameraLost, Optics

DeviceSource = Callable[[], Iterable[Any]]
"""Lists the connected devices (rs.device)."""
COLOUR_EXPOSURE_US = 100.0
"""Unit of the exposure of a colour sensor; a depth sensor's is 1 us."""


@dataclass(frozen=True)
class Mode:
    """What one sensor is to send."""

    sensor: Any
    profiles: list[Any]


def library() -> Any:
    """pyrealsense2; UsageError where it is not installed or cannot be loaded."""
    try:
        import pyrealsense2
    except ImportError as error:
        raise UsageError(
            f"driver realsense needs pyrealsense2 ({error}): 'pip install -r requirements/cameras.txt' and "
            "'sudo apt-get install -y libusb-1.0-0'."
        ) from None
    return pyrealsense2


@cache
def _context() -> Any:
    return library().context()


def connected_devices() -> list[Any]:
    """The devices that librealsense finds on this machine."""
    return list(_context().query_devices())


def choose_device(rs: Any, devices: Iterable[Any], serial: str) -> Any:
    """The device with that serial number, the only one for ''; CameraLost where it is not connected."""
    found = {device.get_info(rs.camera_info.serial_number): device for device in devices}
    known = ", ".join(f"'{name}'" for name in found) or "none"
    if serial and serial in found:
        return found[serial]
    if serial:
        raise CameraLost(f"no RealSense with serial number '{serial}' is connected: there are {known}.")
    if len(found) > 1:
        raise UsageError(f"{len(found)} RealSense cameras are connected ({known}): name one by its serial in device.")
    if not found:
        raise CameraLost("no RealSense is connected: plug it in, into a USB 3 port.")
    return next(iter(found.values()))


def find_modes(rs: Any, device: Any, config: CameraNodeConfig) -> list[Mode]:
    """The sensors to open, colour first; UsageError where the device does not have the mode."""
    sensors = list(device.query_sensors())
    colour = [_profiles(rs, sensor, rs.stream.color, rs.format.rgb8) for sensor in sensors]
    at = next((i for i, profiles in enumerate(colour) if any(_fits(p, config) for p in profiles)), None)
    if at is None:
        raise _no_mode("colour", config, [p for found in colour for p in found])
    modes = [Mode(sensors[at], [next(p for p in colour[at] if _fits(p, config))])]
    if config.depth:
        depth = [_profiles(rs, sensor, rs.stream.depth, rs.format.z16) for sensor in sensors]
        usable = [(i, p) for i, profiles in enumerate(depth) for p in profiles if p.fps() == round(config.fps)]
        if not usable:
            raise _no_mode("depth", config, [p for found in depth for p in found])
        # The same size where there is one, else the largest: it is aligned to colour in any case.
        i, profile = max(usable, key=lambda found: (_fits(found[1], config), found[1].width() * found[1].height()))
        if i == at:
            modes[0].profiles.append(profile)
        else:
            modes.append(Mode(sensors[i], [profile]))
    return modes


def _profiles(rs: Any, sensor: Any, stream: Any, pixels: Any) -> list[Any]:
    found = [p for p in sensor.get_stream_profiles() if p.stream_type() == stream and p.format() == pixels]
    return [profile.as_video_stream_profile() for profile in found]


def _fits(profile: Any, config: CameraNodeConfig) -> bool:
    return bool((profile.width(), profile.height(), profile.fps()) == (config.width, config.height, round(config.fps)))


def _no_mode(stream: str, config: CameraNodeConfig, profiles: list[Any]) -> UsageError:
    known = ", ".join(sorted({f"{p.width()}x{p.height()} at {p.fps()} Hz" for p in profiles})) or "none"
    asked = f"{config.width}x{config.height} px at {config.fps:g} Hz"
    return UsageError(f"the RealSense has no {stream} mode of {asked}: choose one of {known}.")


def set_controls(rs: Any, sensor: Any, config: CameraNodeConfig) -> None:
    """Exposure, gain and white balance; UsageError where the sensor does not take a fixed value."""
    if config.gain >= 0.0 and config.exposure_us == 0.0:
        raise UsageError(
            f"gain is {config.gain:g} and exposure_us automatic, which a RealSense controls together: fix both or none."
        )
    unit = 1.0 if sensor.is_depth_sensor() else COLOUR_EXPOSURE_US
    options = rs.option
    if config.exposure_us > 0.0:
        _set(sensor, options.enable_auto_exposure, 0.0, "exposure_us", needed=False)
        _set(sensor, options.exposure, round(config.exposure_us / unit), "exposure_us", unit)
    else:
        _set(sensor, options.enable_auto_exposure, 1.0, "exposure_us", needed=False)
    if config.gain >= 0.0:
        _set(sensor, options.gain, config.gain, "gain")
    if config.white_balance_k > 0.0:
        _set(sensor, options.enable_auto_white_balance, 0.0, "white_balance_k", needed=False)
        _set(sensor, options.white_balance, config.white_balance_k, "white_balance_k")
    else:
        _set(sensor, options.enable_auto_white_balance, 1.0, "white_balance_k", needed=False)


def _set(sensor: Any, option: Any, value: float, name: str, unit: float = 1.0, needed: bool = True) -> None:
    if not sensor.supports(option):
        if needed:
            raise UsageError(f"this RealSense has no {name} to fix: leave it automatic.")
        return
    span = sensor.get_option_range(option)
    if not span.min <= value <= span.max:
        raise UsageError(
            f"{name} is {value * unit:g}, which this RealSense does not do: give {span.min * unit:g} to "
            f"{span.max * unit:g}."
        )
    steps = round((value - span.min) / span.step) if span.step else 0
    sensor.set_option(option, span.min + steps * span.step if span.step else value)


def optics_of(rs: Any, profile: Any, serial: str) -> Optics:
    """The factory intrinsics of a stream of the camera with that serial number."""
    lens = profile.get_intrinsics()
    matrix = np.array([[lens.fx, 0.0, lens.ppx], [0.0, lens.fy, lens.ppy], [0.0, 0.0, 1.0]])
    fisheye = lens.model in (rs.distortion.kannala_brandt4, rs.distortion.ftheta)
    model, count = ("equidistant", 4) if fisheye else ("plumb_bob", 5)
    return Optics(matrix, model, np.array(lens.coeffs[:count], np.float64), serial)
