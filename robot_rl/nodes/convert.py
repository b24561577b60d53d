"""Pure translations between messages and core values: `x_from_msg`, `x_to_msg`."""

from __future__ import annotations

import array
from collections.abc import Sequence

import numpy as np
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from sensor_msgs.msg import CameraInfo, Image, JointState, PointCloud2, PointField
from std_msgs.msg import Float64MultiArray, UInt8MultiArray

from robot_rl.calibration.camera_info import CameraIntrinsics
from robot_rl.core.errors import SchemaError
from robot_rl.core.record import SCHEMA, StepSpec

NS = 1_000_000_000
_POINT_TYPES = {"i1": 1, "u1": 2, "i2": 3, "u2": 4, "i4": 5, "u4": 6, "f4": 7, "f8": 8}


def time_to_msg(stamp_ns: int) -> Time:
    """Nanoseconds to builtin_interfaces/Time."""
    return Time(sec=stamp_ns // NS, nanosec=stamp_ns % NS)


def time_from_msg(msg: Time) -> int:
    """builtin_interfaces/Time to nanoseconds."""
    return int(msg.sec) * NS + int(msg.nanosec)


def image_to_msg(image: np.ndarray, stamp_ns: int, frame: str) -> Image:
    """uint8 (H, W, 3) RGB to an rgb8 Image."""
    msg = Image(height=image.shape[0], width=image.shape[1], encoding="rgb8", step=3 * image.shape[1])
    msg.header.stamp, msg.header.frame_id = time_to_msg(stamp_ns), frame
    msg.data = array.array("B", image.tobytes())
    return msg


def image_from_msg(msg: Image) -> np.ndarray:
    """An rgb8 or bgr8 Image to uint8 (H, W, 3) RGB, read-only view where it can be; SchemaError on other encodings."""
    if msg.encoding not in ("rgb8", "bgr8"):
        raise SchemaError(
            f"image encoding '{msg.encoding}' is not rgb8 or bgr8: set the camera driver's colour format."
        )
    if len(msg.data) != msg.height * msg.step or msg.step < 3 * msg.width:
        raise SchemaError(f"image of {msg.width}x{msg.height} came with {len(msg.data)} bytes: check the driver.")
    rows = np.frombuffer(msg.data, np.uint8).reshape(msg.height, msg.step)[:, : 3 * msg.width]
    image = rows.reshape(msg.height, msg.width, 3)
    return image if msg.encoding == "rgb8" else image[:, :, ::-1]


def camera_info_to_msg(intrinsics: CameraIntrinsics, stamp_ns: int) -> CameraInfo:
    """Intrinsics to CameraInfo in the camera's optical frame."""
    msg = CameraInfo(height=intrinsics.image_height, width=intrinsics.image_width)
    msg.header.stamp, msg.header.frame_id = time_to_msg(stamp_ns), f"{intrinsics.camera_name}_optical_frame"
    msg.distortion_model, msg.d = intrinsics.distortion_model, intrinsics.distortion.tolist()
    msg.k, msg.r = intrinsics.camera_matrix.ravel(), intrinsics.rectification_matrix.ravel()
    msg.p = intrinsics.projection_matrix.ravel()
    return msg


def vector_to_msg(
    names: Sequence[str], values: Sequence[float] | np.ndarray, stamp_ns: int, frame: str = ""
) -> JointState:
    """A named vector to JointState (name, position)."""
    msg = JointState(name=list(names), position=[float(v) for v in values])
    msg.header.stamp, msg.header.frame_id = time_to_msg(stamp_ns), frame
    return msg


def vector_from_msg(msg: JointState, names: Sequence[str]) -> np.ndarray:
    """The entries `names` of a named vector in that order, float64; SchemaError where one is missing."""
    if list(msg.name) == list(names):
        return np.array(msg.position, np.float64)
    values = dict(zip(msg.name, msg.position, strict=False))
    missing = [name for name in names if name not in values]
    if missing:
        raise SchemaError(f"message lacks {', '.join(missing)} among {len(msg.name)} names: check its publisher.")
    return np.array([values[name] for name in names], np.float64)


def efforts_from_msg(msg: JointState, names: Sequence[str]) -> np.ndarray | None:
    """The efforts (J,) [Nm] of joints `names`; None where the message has none or only NaN, as some drivers send."""
    efforts = dict(zip(msg.name, msg.effort, strict=False))
    values = np.array([efforts.get(name, np.nan) for name in names], np.float64)
    return None if np.isnan(values).all() else values


def mapping_from_msg(msg: JointState) -> dict[str, float]:
    """A named vector as a dict."""
    return dict(zip(msg.name, msg.position, strict=True))


def floats_to_msg(values: Sequence[float] | np.ndarray) -> Float64MultiArray:
    """Numbers to Float64MultiArray."""
    return Float64MultiArray(data=[float(v) for v in values])


def bytes_to_msg(data: bytes) -> UInt8MultiArray:
    """Bytes to UInt8MultiArray."""
    return UInt8MultiArray(data=array.array("B", data))


def bytes_from_msg(msg: UInt8MultiArray) -> bytes:
    """UInt8MultiArray to bytes."""
    return bytes(msg.data)


def step_fields(dtype: np.dtype) -> list[PointField]:
    """The PointFields that describe `dtype`; 8-byte integers are named twice, as `_lo` and `_hi` 32-bit halves."""
    fields = []
    for name in dtype.names or ():
        base, offset = dtype.fields[name][0], dtype.fields[name][1]  # type: ignore[index]
        scalar, count = base.base, int(np.prod(base.shape, dtype=int))
        if scalar.itemsize == 8 and scalar.kind in "iu":
            high = "u4" if scalar.kind == "u" else "i4"
            fields.append(PointField(name=f"{name}_lo", offset=offset, datatype=_POINT_TYPES["u4"], count=1))
            fields.append(PointField(name=f"{name}_hi", offset=offset + 4, datatype=_POINT_TYPES[high], count=1))
        else:
            kind = _POINT_TYPES[scalar.str[1:]]
            fields.append(PointField(name=name, offset=offset, datatype=kind, count=count))
    return fields


def step_to_msg(record: np.ndarray) -> PointCloud2:
    """A step record, shape (), to one PointCloud2 of width 1."""
    size = record.dtype.itemsize
    msg = PointCloud2(height=1, width=1, point_step=size, row_step=size, is_dense=True)
    msg.header.stamp, msg.header.frame_id = time_to_msg(int(record["stamp_ns"])), SCHEMA
    msg.fields = step_fields(record.dtype)
    msg.data = array.array("B", record.tobytes())
    return msg


def step_from_msg(msg: PointCloud2, spec: StepSpec) -> np.ndarray:
    """One PointCloud2 to a step record, shape (); SchemaError where schema or layout differ from `spec`."""
    if msg.header.frame_id != SCHEMA:
        raise SchemaError(f"step of schema '{msg.header.frame_id}', expected '{SCHEMA}': use one version throughout.")
    expected = step_fields(spec.dtype)
    if msg.fields != expected or len(msg.data) != spec.dtype.itemsize:
        got, want = {f.name: f.count for f in msg.fields}, {f.name: f.count for f in expected}
        differing = sorted(name for name in {*got, *want} if got.get(name) != want.get(name)) or ["layout"]
        raise SchemaError(
            f"step differs in {', '.join(differing)}: give all nodes the same robot, cameras and image_size."
        )
    return np.frombuffer(msg.data, spec.dtype)[0]


def status_to_msg(name: str, level: int, message: str, values: dict[str, object]) -> DiagnosticStatus:
    """A DiagnosticStatus with key-value pairs; `level` is 0 ok, 1 warn, 2 error, 3 stale."""
    pairs = [KeyValue(key=key, value=str(value)) for key, value in values.items()]
    return DiagnosticStatus(level=bytes([level]), name=name, message=message, values=pairs)
