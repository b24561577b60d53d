"""Core values as messages of a bag, byte for byte as the nodes send them."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from rosbags.typesys import Stores, get_typestore
from rosbags.typesys.store import Typestore
from rosbags.typesys.stores.ros2_jazzy import (
    builtin_interfaces__msg__Time,
    sensor_msgs__msg__Image,
    sensor_msgs__msg__JointState,
    sensor_msgs__msg__PointCloud2,
    sensor_msgs__msg__PointField,
    std_msgs__msg__Header,
    std_msgs__msg__String,
    std_msgs__msg__UInt32,
)

from robot_rl.core import wire
from robot_rl.core.errors import SchemaError
from robot_rl.core.record import SCHEMA

LARGEST_SEC = 2**31 - 1


@functools.cache
def typestore() -> Typestore:
    """Message definitions of ROS 2 Jazzy; do not change it."""
    return get_typestore(Stores.ROS2_JAZZY)


def header(stamp_ns: int, frame: str = "") -> std_msgs__msg__Header:
    """A Header; SchemaError where ROS time cannot hold the stamp."""
    sec, nanosec = wire.split_time(int(stamp_ns))
    if not -LARGEST_SEC - 1 <= sec <= LARGEST_SEC:
        raise SchemaError(f"a step is stamped {stamp_ns} ns, which ROS time cannot hold: mend its stamp.")
    return std_msgs__msg__Header(builtin_interfaces__msg__Time(sec, nanosec), frame)


def step_message(record: np.ndarray) -> sensor_msgs__msg__PointCloud2:
    """A step record, shape (), as one PointCloud2 of width 1."""
    size = record.dtype.itemsize
    return sensor_msgs__msg__PointCloud2(
        header=header(int(record["stamp_ns"]), SCHEMA),
        height=1,
        width=1,
        fields=[sensor_msgs__msg__PointField(**vars(field)) for field in wire.step_fields(record.dtype)],
        is_bigendian=False,
        point_step=size,
        row_step=size,
        data=np.frombuffer(record.tobytes(), np.uint8),
        is_dense=True,
    )


def image_message(image: np.ndarray, stamp_ns: int, camera: str) -> sensor_msgs__msg__Image:
    """Pixels uint8 (H, W, 3) RGB as an rgb8 Image in the camera's optical frame."""
    height, width = image.shape[:2]
    pixels = np.ascontiguousarray(image).reshape(-1)
    return sensor_msgs__msg__Image(
        header(stamp_ns, f"{camera}_optical_frame"), height, width, "rgb8", 0, 3 * width, pixels
    )


def vector_message(
    names: Sequence[str], values: Sequence[float] | np.ndarray, stamp_ns: int, frame: str = ""
) -> sensor_msgs__msg__JointState:
    """A named vector as a JointState (name, position)."""
    none = np.zeros(0)
    with np.errstate(invalid="ignore"):  # of a NaN
        position = np.asarray(values, np.float64)
    return sensor_msgs__msg__JointState(header(stamp_ns, frame), list(names), position, none, none)


def text_message(text: str) -> std_msgs__msg__String:
    """A String."""
    return std_msgs__msg__String(text)


def number_message(number: int) -> std_msgs__msg__UInt32:
    """A UInt32."""
    return std_msgs__msg__UInt32(number)
