"""Pure translations between messages and core values: `x_from_msg`, `x_to_msg`."""

from __future__ import annotations

import array
from collections.abc import Sequence

import numpy as np
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from geometry_msgs.msg import PoseStamped, TwistStamped
from sensor_msgs.msg import CameraInfo, Image, JointState, PointCloud2, PointField
from std_msgs.msg import Float64MultiArray, UInt8MultiArray

from robot_rl.calibration.camera_info import CameraIntrinsics
from robot_rl.core import wire
from robot_rl.core.errors import SchemaError
from robot_rl.core.geometry import Pose
from robot_rl.core.record import SCHEMA, StepSpec

NS = wire.NS


def time_to_msg(stamp_ns: int) -> Time:
    """Nanoseconds to builtin_interfaces/Time."""
    sec, nanosec = wire.split_time(stamp_ns)
    return Time(sec=sec, nanosec=nanosec)


def time_from_msg(msg: Time) -> int:
    """builtin_interfaces/Time to nanoseconds."""
    return wire.join_time(msg.sec, msg.nanosec)


def image_to_msg(image: np.ndarray, stamp_ns: int, frame: str) -> Image:
    """uint8 (H, W, 3) RGB to an rgb8 Image."""
    msg = Image(height=image.shape[0], width=image.shape[1], encoding="rgb8", step=3 * image.shape[1])
    msg.header.stamp, msg.header.frame_id = time_to_msg(stamp_ns), frame
    msg.data = array.array("B", image.tobytes())
    return msg


def image_from_msg(msg: Image) -> np.ndarray:
    """An rgb8 or bgr8 Image to uint8 (H, W, 3) RGB, read-only view where it can be; SchemaError on other encodings."""
    return wire.image_pixels(msg.encoding, msg.height, msg.width, msg.step, msg.data)


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
    return wire.named_values(msg.name, msg.position, names)


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


def pose_to_msg(pose: Pose, stamp_ns: int, frame: str) -> PoseStamped:
    """A pose in `frame` to PoseStamped."""
    msg = PoseStamped()
    msg.header.stamp, msg.header.frame_id = time_to_msg(stamp_ns), frame
    at, turn = msg.pose.position, msg.pose.orientation
    at.x, at.y, at.z = pose.position.tolist()
    turn.w, turn.x, turn.y, turn.z = pose.quaternion.tolist()
    return msg


def pose_from_msg(msg: PoseStamped) -> Pose:
    """PoseStamped to a pose in its frame; SchemaError where it is not finite or its quaternion is no unit one."""
    at, turn = msg.pose.position, msg.pose.orientation
    position, quaternion = np.array([at.x, at.y, at.z]), np.array([turn.w, turn.x, turn.y, turn.z])
    length = float(np.linalg.norm(quaternion))
    if not np.isfinite(position).all() or not abs(length - 1.0) < 1e-3:
        raise SchemaError(f"pose {position}, {quaternion} is no pose: give finite numbers and a unit quaternion.")
    return Pose(position, quaternion / length)


def twist_to_msg(twist: np.ndarray, stamp_ns: int, frame: str) -> TwistStamped:
    """Velocity [m/s] and angular velocity [rad/s] (6,) in the axes of `frame` to TwistStamped."""
    msg = TwistStamped()
    msg.header.stamp, msg.header.frame_id = time_to_msg(stamp_ns), frame
    linear, angular = msg.twist.linear, msg.twist.angular
    linear.x, linear.y, linear.z, angular.x, angular.y, angular.z = twist.tolist()
    return msg


def twist_from_msg(msg: TwistStamped) -> np.ndarray:
    """TwistStamped to velocity and angular velocity (6,); SchemaError where it is not finite."""
    linear, angular = msg.twist.linear, msg.twist.angular
    twist = np.array([linear.x, linear.y, linear.z, angular.x, angular.y, angular.z])
    if not np.isfinite(twist).all():
        raise SchemaError(f"twist {twist} holds NaN or infinity: dropped.")
    return twist


def bytes_to_msg(data: bytes) -> UInt8MultiArray:
    """Bytes to UInt8MultiArray."""
    return UInt8MultiArray(data=array.array("B", data))


def bytes_from_msg(msg: UInt8MultiArray) -> bytes:
    """UInt8MultiArray to bytes."""
    return bytes(msg.data)


def step_to_msg(record: np.ndarray) -> PointCloud2:
    """A step record, shape (), to one PointCloud2 of width 1."""
    size = record.dtype.itemsize
    msg = PointCloud2(height=1, width=1, point_step=size, row_step=size, is_dense=True)
    msg.header.stamp, msg.header.frame_id = time_to_msg(int(record["stamp_ns"])), SCHEMA
    msg.fields = [PointField(**vars(field)) for field in wire.step_fields(record.dtype)]
    msg.data = array.array("B", record.tobytes())
    return msg


def step_from_msg(msg: PointCloud2, spec: StepSpec) -> np.ndarray:
    """One PointCloud2 to a step record, shape (); SchemaError where schema or layout differ from `spec`."""
    return wire.step_record(msg.header.frame_id, msg.fields, msg.data, spec)


def status_to_msg(name: str, level: int, message: str, values: dict[str, object]) -> DiagnosticStatus:
    """A DiagnosticStatus with key-value pairs; `level` is 0 ok, 1 warn, 2 error, 3 stale."""
    pairs = [KeyValue(key=key, value=str(value)) for key, value in values.items()]
    return DiagnosticStatus(level=bytes([level]), name=name, message=message, values=pairs)


def values_of(msg: DiagnosticStatus) -> dict[str, str]:
    """The key-value pairs of a DiagnosticStatus."""
    return {pair.key: pair.value for pair in msg.values}
