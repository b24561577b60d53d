"""Messages of a robot's own topics as numbers. Each function raises SchemaError where the message is not usable."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from robot_rl.config.robot import RobotConfig
from robot_rl.core import wire
from robot_rl.core.errors import SchemaError
from robot_rl.replay.bags.plain_topics import OUTCOME
from robot_rl.replay.bags.reading import Message


def pixels(message: Message) -> np.ndarray:
    """Image uint8 (H, W, 3) RGB of an Image (rgb8, bgr8) or a CompressedImage."""
    image = message.decode()
    if message.kind.endswith("/Image"):
        return wire.image_pixels(image.encoding, image.height, image.width, image.step, image.data)
    found = cv2.imdecode(image.data, cv2.IMREAD_COLOR) if len(image.data) else None
    if found is None:
        raise SchemaError(f"a compressed image on '{message.topic}' ('{image.format}') cannot be decoded: record JPEG.")
    return found[:, :, ::-1]


def resized(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """The image (H, W, 3) at another size, each pixel the mean of the area that it covers; unchanged at its own."""
    if image.shape[:2] == (height, width):
        return image
    return cv2.resize(np.ascontiguousarray(image), (width, height), interpolation=cv2.INTER_AREA)


def joint_state(msg: Any, robot: RobotConfig) -> np.ndarray:
    """Joint positions, velocities and gripper joint position (2J + 1,) of a JointState."""
    names = (*robot.joints, robot.gripper.joint)
    positions = wire.named_values(msg.name, msg.position, names)
    if len(msg.velocity) != len(msg.name):
        raise SchemaError(f"joint states hold {len(msg.velocity)} velocities for {len(msg.name)} joints.")
    velocities = wire.named_values(msg.name, msg.velocity, names)
    return finite(np.concatenate([positions[:-1], velocities[:-1], positions[-1:]]), "joint states")


def joint_targets(msg: Any, robot: RobotConfig) -> np.ndarray:
    """Commanded joint positions (J,) of a JointState, by name, or of a Float64MultiArray, in the robot's order."""
    if hasattr(msg, "name"):
        return finite(wire.named_values(msg.name, msg.position, robot.joints), "joint command")
    if len(msg.data) != len(robot.joints):
        raise SchemaError(f"joint command of {len(msg.data)} values for {len(robot.joints)} joints.")
    return finite(msg.data, "joint command")


def trajectory(msg: Any, robot: RobotConfig) -> np.ndarray:
    """Points (p, 1 + J) of a JointTrajectory: nanoseconds from its start, joint positions."""
    points = []
    for point in msg.points:
        q = wire.named_values(msg.joint_names, point.positions, robot.joints)
        points.append([wire.join_time(point.time_from_start.sec, point.time_from_start.nanosec), *q])
    return finite(np.array(points).reshape(-1, 1 + len(robot.joints)), "trajectory")


def pose(msg: Any, robot: RobotConfig) -> np.ndarray:
    """Position and orientation (7,) x, y, z [m], w, x, y, z of a PoseStamped."""
    del robot
    p, q = msg.pose.position, msg.pose.orientation
    return finite([p.x, p.y, p.z, q.w, q.x, q.y, q.z], "pose command")


def twist(msg: Any, robot: RobotConfig) -> np.ndarray:
    """Linear velocity (3,) [m/s] of a TwistStamped."""
    del robot
    v = msg.twist.linear
    return finite([v.x, v.y, v.z], "twist command")


def opening(msg: Any, robot: RobotConfig) -> float:
    """Commanded gripper joint position: a JointState's, a number, or the only one of a Float64MultiArray."""
    if hasattr(msg, "name"):
        return float(finite(wire.named_values(msg.name, msg.position, (robot.gripper.joint,)), "gripper command")[0])
    values = np.atleast_1d(msg.data)
    if len(values) != 1:
        raise SchemaError(f"gripper command of {len(values)} values: one is needed.")
    return float(finite(values, "gripper command")[0])


def outcome(msg: Any, robot: RobotConfig) -> np.ndarray:
    """Reward, success and terminated (3,) of a JointState, or of a number that is the reward."""
    del robot
    if hasattr(msg, "name"):
        return finite(wire.named_values(msg.name, msg.position, OUTCOME), "reward")
    return finite([msg.data, 0.0, 0.0], "reward")


def number(msg: Any, robot: RobotConfig) -> int:
    """The value of a Bool or an integer; 0 for an Empty."""
    del robot
    return int(getattr(msg, "data", 0))


def finite(values: Any, what: str) -> np.ndarray:
    """`values` as float64; SchemaError where one is not finite."""
    found = np.asarray(values, np.float64)
    if not np.isfinite(found).all():
        raise SchemaError(f"{what} with NaN or infinity.")
    return found
