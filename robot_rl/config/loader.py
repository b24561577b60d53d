"""Mappings and YAML files into frozen dataclasses, and back; unknown keys and wrong types are errors."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml

from robot_rl.config.param import check_value, info_of
from robot_rl.core.errors import UsageError, unknown_name

T = TypeVar("T")


def read_yaml(path: Path | str) -> dict[str, Any]:
    """Return the mapping in a YAML file; raise UsageError if it is missing, unreadable or no mapping."""
    path = Path(path)
    try:
        data = yaml.safe_load(path.read_text())
    except OSError as error:
        raise UsageError(f"cannot read '{path}': {error.strerror}; give the path of an existing YAML file.") from None
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", -1) + 1
        raise UsageError(f"'{path}' is not valid YAML (line {line}): mend the file.") from None
    if not isinstance(data, dict):
        raise UsageError(f"'{path}' holds {type(data).__name__}, not a mapping of keys to values: mend the file.")
    return data


def overlay(base: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with the keys of `data` over it, mappings inside mappings key by key."""
    merged = dict(base)
    for key, value in data.items():
        below = merged.get(key)
        merged[key] = overlay(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def load(cls: type[T], data: Mapping[str, Any], where: str = "") -> T:
    """Build dataclass `cls` from `data`; raise UsageError naming an unknown, missing, mistyped or out-of-range key."""
    fields = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
    hints = typing.get_type_hints(cls)
    values: dict[str, Any] = {}
    for key, value in data.items():
        if key not in fields:
            raise unknown_name("key", str(key), fields, where or cls.__name__)
        label = f"{where}: {key}" if where else f"{cls.__name__}.{key}"
        values[key] = _convert(hints[key], value, label)
        check_value(label, values[key], info_of(fields[key]))
    for name, field in fields.items():
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if required and name not in values:
            raise UsageError(f"{where or cls.__name__} lacks the key '{name}' ({info_of(field).description}): add it.")
    return cls(**values)


def _convert(hint: Any, value: Any, label: str) -> Any:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        if value is None and type(None) in args:
            return None
        return _convert(next(a for a in args if a is not type(None)), value, label)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, Mapping):
            raise UsageError(f"{label} is {value!r}, not a mapping of keys: give {hint.__name__}'s keys.")
        return load(hint, value, label)
    if origin is tuple:
        return _convert_tuple(args, value, label)
    if hint is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if hint in (int, str, bool) and type(value) is hint:
        return value
    name = getattr(hint, "__name__", str(hint))
    raise UsageError(f"{label} is {value!r} ({type(value).__name__}), expected {name}: correct the value.")


def _convert_tuple(args: tuple[Any, ...], value: Any, label: str) -> tuple[Any, ...]:
    if not isinstance(value, (list, tuple)):
        raise UsageError(f"{label} is {value!r}, expected a list: write it as [a, b, ...].")
    if len(args) == 2 and args[1] is Ellipsis:
        return tuple(_convert(args[0], item, f"{label}[{i}]") for i, item in enumerate(value))
    if len(args) != len(value):
        raise UsageError(f"{label} has {len(value)} entries, expected {len(args)}: correct the list.")
    return tuple(_convert(a, item, f"{label}[{i}]") for i, (a, item) in enumerate(zip(args, value, strict=True)))


def to_plain(config: Any) -> Any:
    """Return a dataclass (or tuple of them) as plain dicts, lists and scalars that YAML can hold."""
    if dataclasses.is_dataclass(config):
        return {f.name: to_plain(getattr(config, f.name)) for f in dataclasses.fields(config)}
    if isinstance(config, tuple):
        return [to_plain(item) for item in config]
    return config
