"""The cameras of a real rig: which have a node of their own, and which are another driver's topic."""

from __future__ import annotations

from collections.abc import Iterator

from robot_rl.calibration.camera_info import load_intrinsics
from robot_rl.config.camera import CameraNodeConfig
from robot_rl.config.loader import load
from robot_rl.config.nodes import RigConfig
from robot_rl.core.errors import UsageError, unknown_name
from robot_rl.graph.settings import ALL, CAMERA, Settings, resolve
from robot_rl.perception.cameras.ops import View


def camera_nodes(settings: Settings) -> list[str]:
    """Names of the cameras that need a camera node."""
    return [config.camera for config in configs(settings) if config.driver != "topic"]


def camera_remappings(settings: Settings) -> list[tuple[str, str]]:
    """Where the images of cameras come from that other drivers publish under a name of their own."""
    foreign = [config for config in configs(settings) if config.driver == "topic" and config.topic]
    return [(f"camera/{config.camera}/image", config.topic) for config in foreign]


def check_cameras(settings: Settings, sim: bool) -> None:
    """Raise UsageError for a section of no camera and, on a real rig, for what a camera node would refuse later."""
    known = {CAMERA + camera for camera in load(RigConfig, settings[ALL]).cameras}
    for name in settings:
        if name.startswith(CAMERA) and name not in known:
            raise unknown_name("camera section", name, known, "the settings; cameras names the cameras")
    if not sim:
        for config in configs(settings):
            _check(config)


def _check(config: CameraNodeConfig) -> None:
    view = View.of(config)
    if config.driver in ("topic", "file"):  # their size is known only when they give pictures
        return
    try:
        view.part(config.width, config.height)
    except UsageError as error:
        raise UsageError(f"camera '{config.camera}': {error}") from None
    if config.calibration:
        days = config.calibration_max_days
        load_intrinsics(config.calibration, config.camera, config.width, config.height, max_days=days)


def configs(settings: Settings) -> Iterator[CameraNodeConfig]:
    """The parameters of every camera of the rig."""
    for camera in load(RigConfig, settings[ALL]).cameras:
        yield load(CameraNodeConfig, resolve(CAMERA + camera, settings, {"camera": camera}))
