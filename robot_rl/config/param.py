"""Dataclass fields that carry their description and bounds: the one place where a parameter is defined.

The YAML loader checks against them, nodes declare their ROS parameters from them, and help texts print them.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from robot_rl.core.errors import UsageError


@dataclass(frozen=True)
class ParamInfo:
    """Description and bounds (inclusive) of one parameter."""

    description: str
    ge: float | None = None
    le: float | None = None
    choices: tuple[Any, ...] = ()
    unit: str = ""


def param(
    default: Any = dataclasses.MISSING,
    description: str = "",
    *,
    ge: float | None = None,
    le: float | None = None,
    choices: tuple[Any, ...] = (),
    unit: str = "",
) -> Any:
    """A dataclass field with a description, optional inclusive bounds, choices and unit."""
    info = ParamInfo(description, ge, le, choices, unit)
    if isinstance(default, (list, dict, set)):
        raise TypeError("use a tuple or a frozen dataclass as default")
    return dataclasses.field(default=default, metadata={"param": info})


def info_of(field: dataclasses.Field[Any]) -> ParamInfo:
    """The ParamInfo of a field, empty where it was not made by `param`."""
    return field.metadata.get("param", ParamInfo(""))


def check_value(name: str, value: Any, info: ParamInfo) -> None:
    """Raise UsageError if `value` (a number, or a tuple of numbers) breaks the bounds or choices of `info`."""
    if info.choices and value not in info.choices:
        raise UsageError(f"{name} is {value!r}, which is not one of {', '.join(map(str, info.choices))}: choose one.")
    for number in value if isinstance(value, tuple) else (value,):
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            continue
        if not math.isfinite(number):
            raise UsageError(f"{name} is {value!r}: give finite numbers.")
        if (info.ge is not None and number < info.ge) or (info.le is not None and number > info.le):
            low = "-inf" if info.ge is None else f"{info.ge:g}"
            high = "inf" if info.le is None else f"{info.le:g}"
            raise UsageError(f"{name} is {value!r}, outside [{low}, {high}]{' ' + info.unit if info.unit else ''}.")
