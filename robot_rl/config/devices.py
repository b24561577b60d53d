"""A teleoperation device: its driver, and what its sticks, keys and buttons do. One YAML file a device."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from robot_rl.config.loader import load, read_yaml
from robot_rl.config.param import param
from robot_rl.config.paths import share_dir
from robot_rl.core.errors import UsageError, unknown_name

DRIVERS = ("gamepad", "spacemouse", "keyboard", "joy", "twist", "leader")
SCRIPTED, EXTERNAL = "scripted", "external"
"""Devices that are no file: the scripted expert, and a teleop node that somebody else starts."""
ACTS = ("enable", "intervene", "intervene_toggle", "open", "close", "gripper_toggle")
EVENTS = ("start", "success", "failure", "discard", "pause", "stop")
MOTIONS = ("dx", "dy", "dz", "rx", "ry", "rz")
MOVES = "entry of the action that it moves: dx dy dz rx ry rz (also where the action is a pose), j1 j2 ..., or its name"
DOES = f"what it does, one of {' '.join((*ACTS, *EVENTS))}"
ENABLE = "whether motion counts only while an input that does `enable` is held (a dead man's switch)"
RELEASE = "time without touch after which the person has let go"
DEBOUNCE = "a button seen down again sooner than this after it was last down is the same press: key repetition"
TAP = "time for which a key counts as held after each of its characters: a terminal tells no release"
TIMEOUT = "an input in use that falls silent for longer counts as unplugged; 0 for devices that repeat nothing"
SIGNS = "direction of each joint of the leader, 1 or -1, in the order of the robot's joints; [] for all 1"
TOUCH = "way of a leader's joint from which on it counts as touched"


@dataclass(frozen=True, kw_only=True)
class AxisConfig:
    """An input that moves the robot; several that move the same entry add up."""

    input: str = param(description="the device's name of a stick, key or button; see the driver")
    moves: str = param(description=MOVES)
    scale: float = param(1.0, "share of a full action at full deflection", ge=0.0, le=100.0)
    sign: float = param(1.0, "direction", choices=(1.0, -1.0))
    dead_zone: float = param(0.0, "deflection below which it counts as at rest", ge=0.0, le=0.9)


@dataclass(frozen=True, kw_only=True)
class ButtonConfig:
    """An input that does something."""

    input: str = param(description="the device's name of a button, key or axis; see the driver")
    does: str = param(description=DOES, choices=(*ACTS, *EVENTS))
    sign: float = param(1.0, "-1 for an axis that is pressed towards -1", choices=(1.0, -1.0))
    threshold: float = param(0.5, "value from which on it counts as pressed", ge=-1.0, le=1.0)


@dataclass(frozen=True, kw_only=True)
class LeaderConfig:
    """A leader arm: its joints by name, in the order of the robot's."""

    joints: tuple[str, ...] = param((), "joint names in its joint states; [] for the robot's own names")
    signs: tuple[float, ...] = param((), SIGNS)
    scale: float = param(1.0, "motion of the robot's joint for that of the leader's", ge=0.01, le=10.0)
    touch: float = param(0.01, TOUCH, ge=0.0, unit="rad")
    gripper: str = param("", "joint of its gripper or trigger; '' for none")
    gripper_open: float = param(0.0, "position of that joint when open")
    gripper_closed: float = param(1.0, "position of that joint when closed")


@dataclass(frozen=True, kw_only=True)
class DeviceConfig:
    """Everything the stack needs to know of a device."""

    driver: str = param(description="what reads it", choices=DRIVERS)
    match: str = param("", "part of the name or path of the device to use; '' for the first that is found")
    topic: str = param("", "topic of the drivers joy, twist and leader")
    stamped: bool = param(True, "driver twist: TwistStamped, else Twist")
    hold_to_enable: bool = param(False, ENABLE)
    release_s: float = param(0.0, RELEASE, ge=0.0, le=5.0, unit="s")
    debounce_s: float = param(0.0, DEBOUNCE, ge=0.0, le=2.0, unit="s")
    tap_s: float = param(0.2, TAP, ge=0.05, le=2.0, unit="s")
    timeout_s: float = param(0.5, TIMEOUT, ge=0.0, le=10.0, unit="s")
    axes: tuple[AxisConfig, ...] = param((), "inputs that move the robot")
    buttons: tuple[ButtonConfig, ...] = param((), "inputs that do something")
    leader: LeaderConfig = param(LeaderConfig(), "driver leader: the arm that is led by hand")


def shipped_devices() -> dict[str, Path]:
    """The files of config/devices by name."""
    return {file.stem: file for file in sorted((share_dir() / "config" / "devices").glob("*.yaml"))}


def load_device(name_or_path: str) -> DeviceConfig:
    """Device `name` of config/devices, or the one in a YAML file; UsageError names what is wrong with it."""
    path = Path(name_or_path)
    if path.suffix not in (".yaml", ".yml"):
        shipped = shipped_devices()
        if name_or_path not in shipped:
            raise unknown_name("device", name_or_path, (SCRIPTED, EXTERNAL, *shipped))
        path = shipped[name_or_path]
    device = load(DeviceConfig, read_yaml(path), f"'{path}'")
    if device.hold_to_enable and not any(button.does == "enable" for button in device.buttons):
        raise UsageError(f"'{path}': hold_to_enable is true and no button does enable: name one.")
    if device.driver in ("joy", "twist", "leader") and not device.topic:
        raise UsageError(f"'{path}': driver '{device.driver}' hears a topic and none is given: add the key topic.")
    return device
