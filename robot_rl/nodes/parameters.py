"""ROS parameters from a config dataclass and back: one declaration, bounds enforced by rclpy, unknown names refused."""

from __future__ import annotations

import dataclasses
import typing
from typing import Any, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node

from robot_rl.config.loader import load
from robot_rl.config.param import ParamInfo, info_of
from robot_rl.core.errors import unknown_name

T = TypeVar("T")
_LARGE = 1e18
_OWN = ("use_sim_time", "start_type_description_service")


def declare(node: Node, cls: type[T]) -> T:
    """Declare every field of `cls` (nested ones with dots) on `node` and return the dataclass of their values.

    Raises UsageError for a parameter in the file or command line that `cls` does not have, and for bad values.
    """
    leaves = dict(_leaves(cls, ""))
    for name in node._parameter_overrides:
        if name not in leaves and name not in _OWN and not name.startswith("qos_overrides"):
            raise unknown_name("parameter", name, leaves, f"node '{node.get_name()}'")
    values: dict[str, Any] = {}
    for name, (field, hint, default) in leaves.items():
        parameter = node.declare_parameter(name, default, _descriptor(info_of(field), hint))
        _put(values, name.split("."), _plain(parameter.value))
    return load(cls, values, f"node '{node.get_name()}'")


def _leaves(cls: Any, prefix: str) -> typing.Iterator[tuple[str, tuple[dataclasses.Field[Any], Any, Any]]]:
    hints = typing.get_type_hints(cls)
    for field in dataclasses.fields(cls):
        hint = hints[field.name]
        if dataclasses.is_dataclass(hint):
            yield from _leaves(hint, f"{prefix}{field.name}.")
        else:
            default = list(field.default) if isinstance(field.default, tuple) else field.default
            yield f"{prefix}{field.name}", (field, hint, default)


def _descriptor(info: ParamInfo, hint: Any) -> ParameterDescriptor:
    text = f"{info.description} [{info.unit}]" if info.unit else info.description
    if info.choices:
        text += f"; one of {', '.join(map(str, info.choices))}"
    descriptor = ParameterDescriptor(description=text, read_only=True, dynamic_typing=typing.get_origin(hint) is tuple)
    low = -_LARGE if info.ge is None else info.ge
    high = _LARGE if info.le is None else info.le
    if hint is float and (info.ge is not None or info.le is not None):
        descriptor.floating_point_range = [FloatingPointRange(from_value=float(low), to_value=float(high))]
    if hint is int and (info.ge is not None or info.le is not None):
        descriptor.integer_range = [IntegerRange(from_value=int(low), to_value=int(high))]
    return descriptor


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, (list, tuple)) or hasattr(value, "typecode") else value


def _put(values: dict[str, Any], path: list[str], value: Any) -> None:
    for key in path[:-1]:
        values = values.setdefault(key, {})
    values[path[-1]] = value
