"""The drivers by name; each is loaded only where it is used."""

from __future__ import annotations

from robot_rl.config.camera import CameraNodeConfig
from robot_rl.core.errors import UsageError
from robot_rl.perception.cameras.camera import Camera, Clock


def open_camera(config: CameraNodeConfig, clock: Clock) -> Camera:
    """Open the device that `config` names; CameraLost where it is absent or busy, UsageError where it never will do."""
    if config.driver == "realsense":
        from robot_rl.perception.cameras.realsense import RealSenseCamera

        return RealSenseCamera(config, clock)
    if config.driver == "v4l2":
        from robot_rl.perception.cameras.v4l2 import V4L2Camera

        return V4L2Camera(config, clock)
    if config.driver == "file":
        from robot_rl.perception.cameras.file import FileCamera

        return FileCamera(config, clock)
    if config.driver == "pattern":
        from robot_rl.perception.cameras.pattern import PatternCamera

        return PatternCamera(config, clock)
    raise UsageError(f"driver '{config.driver}' opens no device: choose realsense, v4l2, file or pattern.")
