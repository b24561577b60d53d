"""How core values lie in ROS messages, without ROS: what the nodes send and what bags hold cannot drift apart."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from robot_rl.core.errors import SchemaError
from robot_rl.core.record import SCHEMA, StepSpec

NS = 1_000_000_000
_POINT_TYPES = {"i1": 1, "u1": 2, "i2": 3, "u2": 4, "i4": 5, "u4": 6, "f4": 7, "f8": 8}


@dataclass(frozen=True)
class Field:
    """A sensor_msgs/PointField: name, byte offset, type (of PointField's constants) and number of values."""

    name: str
    offset: int
    datatype: int
    count: int


def split_time(stamp_ns: int) -> tuple[int, int]:
    """Nanoseconds as (sec, nanosec) of builtin_interfaces/Time; before 1970 `sec` is negative."""
    return divmod(stamp_ns, NS)


def join_time(sec: int, nanosec: int) -> int:
    """The inverse of `split_time`."""
    return int(sec) * NS + int(nanosec)


@functools.lru_cache(maxsize=16)
def step_fields(dtype: np.dtype) -> tuple[Field, ...]:
    """Fields that describe `dtype`; 8-byte integers are named twice, as `_lo` and `_hi` 32-bit halves."""
    fields = []
    for name in dtype.names or ():
        base, offset = dtype.fields[name][0], dtype.fields[name][1]  # type: ignore[index]
        scalar, count = base.base, int(np.prod(base.shape, dtype=int))
        if scalar.itemsize == 8 and scalar.kind in "iu":
            high = "u4" if scalar.kind == "u" else "i4"
            fields.append(Field(f"{name}_lo", offset, _POINT_TYPES["u4"], 1))
            fields.append(Field(f"{name}_hi", offset + 4, _POINT_TYPES[high], 1))
        else:
            fields.append(Field(name, offset, _POINT_TYPES[scalar.str[1:]], count))
    return tuple(fields)


def step_record(frame_id: str, fields: Iterable[Any], data: Any, spec: StepSpec) -> np.ndarray:
    """The step record, shape (), that a PointCloud2 holds: its frame_id, PointFields and data (any buffer).

    Raises SchemaError where schema or layout differ from `spec`.
    """
    check_schema(frame_id)
    got = tuple(Field(f.name, f.offset, f.datatype, f.count) for f in fields)
    expected = step_fields(spec.dtype)
    if got != expected or len(data) != spec.dtype.itemsize:
        counts, wanted = {f.name: f.count for f in got}, {f.name: f.count for f in expected}
        names = {*counts, *wanted}
        differing = sorted(name for name in names if counts.get(name) != wanted.get(name)) or ["layout"]
        raise SchemaError(
            f"step differs in {', '.join(differing)}: use the robot, cameras and image_size that it was made with."
        )
    record: np.ndarray = np.frombuffer(data, spec.dtype)[0]
    return record


def check_schema(frame_id: str) -> None:
    """Raise SchemaError where a step's frame_id names another schema than this version's."""
    if frame_id != SCHEMA:
        raise SchemaError(f"step of schema '{frame_id}', expected '{SCHEMA}': use one version throughout.")


def image_pixels(encoding: str, height: int, width: int, step: int, data: Any) -> np.ndarray:
    """Pixels uint8 (H, W, 3) RGB of an rgb8 or bgr8 Image, a read-only view where it can be; SchemaError if not."""
    if encoding not in ("rgb8", "bgr8"):
        raise SchemaError(f"image encoding '{encoding}' is not rgb8 or bgr8: set the camera driver's colour format.")
    if len(data) != height * step or step < 3 * width:
        raise SchemaError(f"image of {width}x{height} came with {len(data)} bytes: check the driver.")
    rows = np.frombuffer(data, np.uint8).reshape(height, step)[:, : 3 * width]
    image = rows.reshape(height, width, 3)
    return image if encoding == "rgb8" else image[:, :, ::-1]


def named_values(names: Sequence[str], values: Sequence[float] | np.ndarray, wanted: Sequence[str]) -> np.ndarray:
    """The entries `wanted` of a named vector in that order, float64; SchemaError where one is missing."""
    if list(names) == list(wanted):
        return np.array(values, np.float64)
    known = dict(zip(names, values, strict=False))
    missing = [name for name in wanted if name not in known]
    if missing:
        raise SchemaError(f"message lacks {', '.join(missing)} among {len(names)} names: check its publisher.")
    return np.array([known[name] for name in wanted], np.float64)
