"""The cameras of this machine, as their drivers name them."""

from __future__ import annotations

from robot_rl.core.errors import UsageError
from robot_rl.perception.cameras.realsense_device import connected_devices, library
from robot_rl.perception.cameras.video_devices import list_video_devices


def found_cameras() -> list[str]:
    """A phrase for each camera: driver, and what its parameter `device` may be."""
    return [*_realsenses(), *(f"v4l2 {device}" for device in list_video_devices())]


def _realsenses() -> list[str]:
    try:
        info = library().camera_info
    except UsageError:  # not installed: no RealSense can be used
        return []
    names = [(device.get_info(info.serial_number), device.get_info(info.name)) for device in connected_devices()]
    return [f"realsense '{serial}' ({name})" for serial, name in names]
