"""Parameters of a graph's nodes merged from layers: defaults, the task's file, the user's file, arguments.

A settings file has one section a node (`policy:`, `learner:`, ...) and `/**` for what all nodes share. Sections may be
written plainly or as ROS parameter files have them, with `ros__parameters` in between.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from robot_rl.config import nodes
from robot_rl.config.camera import CameraNodeConfig
from robot_rl.config.loader import load, read_yaml, to_plain
from robot_rl.core.errors import UsageError, unknown_name

Settings = dict[str, dict[str, Any]]
ALL = "/**"
SECTIONS: dict[str, type] = {
    "sim": nodes.SimNodeConfig,
    "camera": CameraNodeConfig,
    "proprio": nodes.ProprioNodeConfig,
    "policy": nodes.PolicyNodeConfig,
    "safety": nodes.SafetyNodeConfig,
    "reward": nodes.RewardNodeConfig,
    "teleop": nodes.TeleopNodeConfig,
    "learner": nodes.LearnerNodeConfig,
    "recorder": nodes.RecorderNodeConfig,
    "monitor": nodes.MonitorNodeConfig,
    "view": nodes.ViewNodeConfig,
}
CAMERA = "camera_"
"""Section and node of one camera, followed by its name; the section 'camera' is what all cameras share."""


def read_settings(path: Path | str) -> Settings:
    """The sections of a settings file; UsageError names the file and an unknown section, key or a bad value."""
    settings: Settings = {}
    for name, section in read_yaml(path).items():
        if isinstance(section, Mapping) and set(section) == {"ros__parameters"}:
            section = section["ros__parameters"]
        if not isinstance(section, Mapping):
            raise UsageError(f"'{path}': section '{name}' is {section!r}, not a mapping: write its keys below it.")
        settings[str(name).lstrip("/") if name != ALL else ALL] = _nested(section)
    check(settings, f"'{path}'")
    return settings


def check(settings: Settings, where: str) -> None:
    """Raise UsageError, beginning with `where`, if a section, key or value is none that a node knows."""
    for name, section in settings.items():
        kind = kind_of(name)
        if name != ALL and kind not in SECTIONS:
            raise unknown_name("section", name, (ALL, *SECTIONS), where)
        load(nodes.RigConfig if name == ALL else SECTIONS[kind], section, f"{where}: {name}")


def kind_of(section: str) -> str:
    """The section that says what `section` may hold: 'camera' for that of one camera, else itself."""
    return "camera" if section.startswith(CAMERA) else section


def assign(targets: Iterable[str], value: Any) -> Settings:
    """Settings that hold `value` at each 'section.key.key'."""
    settings: Settings = {}
    for target in targets:
        section, *keys = target.split(".")
        _put(settings.setdefault(section, {}), keys, value)
    return settings


def merge(layers: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Deep merge of mappings, later ones winning; nothing is shared with the inputs."""
    merged: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            if isinstance(value, Mapping):
                below = merged.get(key)
                merged[key] = merge([below if isinstance(below, Mapping) else {}, value])
            else:
                merged[key] = value
    return merged


def resolve(section: str, settings: Settings, fixed: Mapping[str, Any]) -> dict[str, Any]:
    """All parameters of the node `section` as plain values: defaults, `settings`, then what the graph has fixed."""
    cls, kind = SECTIONS[kind_of(section)], kind_of(section)
    known = {field.name for field in dataclasses.fields(cls)}
    shared = {key: value for key, value in settings.get(ALL, {}).items() if key in known}
    data = merge([shared, settings.get(kind, {}), settings.get(section, {}), fixed])
    plain: dict[str, Any] = to_plain(load(cls, data, section))
    return plain


def _nested(section: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted keys, as `ros2 param dump` and some people write them, as nested mappings."""
    nested: dict[str, Any] = {}
    for key, value in section.items():
        value = _nested(value) if isinstance(value, Mapping) else value
        part: dict[str, Any] = {}
        _put(part, str(key).split("."), value)
        nested = merge([nested, part])
    return nested


def _put(mapping: dict[str, Any], keys: list[str], value: Any) -> None:
    for key in keys[:-1]:
        mapping = mapping.setdefault(key, {})
    mapping[keys[-1]] = value
