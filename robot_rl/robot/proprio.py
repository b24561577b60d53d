"""The proprioception vector: which parts it has, what they are called, and their values."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from robot_rl.config.proprio import PARTS
from robot_rl.config.robot import RobotConfig
from robot_rl.core.errors import SchemaError, UsageError, unknown_name
from robot_rl.core.geometry import rotation_vector
from robot_rl.robot.twin import KinematicTwin


def proprio_names(robot: RobotConfig) -> tuple[str, ...]:
    """Names of the proprioception vector; by default q_<joint>, dq_<joint>, tcp_x, tcp_y, tcp_z, gripper.

    Normalised entries end in _norm, so that stores and weights of either kind cannot be taken for the other.
    """
    names = {
        "joint_positions": [f"q_{joint}" for joint in robot.joints],
        "joint_velocities": [f"dq_{joint}" for joint in robot.joints],
        "tcp_position": ["tcp_x", "tcp_y", "tcp_z"],
        "tcp_orientation": ["tcp_rx", "tcp_ry", "tcp_rz"],
        "tcp_velocity": ["tcp_vx", "tcp_vy", "tcp_vz"],
        "tcp_angular_velocity": ["tcp_wx", "tcp_wy", "tcp_wz"],
        "gripper": ["gripper"],
        "wrench": ["force_x", "force_y", "force_z", "torque_x", "torque_y", "torque_z"],
    }
    suffix = "_norm" if robot.proprio.normalise == "limits" else ""
    return tuple(f"{name}{suffix}" for part in robot.proprio.parts for name in names[part])


def check_proprio(robot: RobotConfig, where: str) -> None:
    """Raise UsageError where the parts of the vector are unknown, twice, none, or a wrench without a topic."""
    parts = robot.proprio.parts
    for part in parts:
        if part not in PARTS:
            raise unknown_name("part", part, PARTS, f"{where}: proprio: parts")
    if not parts or len(set(parts)) < len(parts):
        raise UsageError(f"{where}: proprio: parts is {list(parts)}: name each part once, at least one.")
    if "wrench" in parts and not robot.proprio.wrench_topic:
        raise UsageError(f"{where}: proprio: parts has wrench, but wrench_topic is empty: give the topic.")


class ProprioMap:
    """Values of the vector's parts, in SI units and the base frame, or normalised over the robot's limits."""

    def __init__(self, robot: RobotConfig, twin: KinematicTwin) -> None:
        self.names = proprio_names(robot)
        self._twin, self._parts = twin, robot.proprio.parts
        self._home = twin.tcp_pose(np.array(robot.home)).quaternion if "tcp_orientation" in self._parts else None
        self._needs_twist = bool({"tcp_velocity", "tcp_angular_velocity"} & {*self._parts})
        normal = robot.proprio.normalise == "limits"
        self._ranges = _ranges(robot) if normal else None

    def vector(self, q: np.ndarray, dq: np.ndarray, opening: float, wrench: np.ndarray | None = None) -> np.ndarray:
        """Vector float32 (P,) from positions `q` (J,), velocities `dq` (J,), gripper joint position and wrench (6,).

        The orientation is the rotation vector from the tcp's orientation at home, in base axes. Raises SchemaError
        where the vector has a wrench and none is given.
        """
        pose = self._twin.tcp_pose(q)
        twist = self._twin.tcp_twist(q, dq) if self._needs_twist else np.zeros(6)
        values: dict[str, Callable[[], np.ndarray]] = {
            "joint_positions": lambda: q,
            "joint_velocities": lambda: dq,
            "tcp_position": lambda: pose.position,
            "tcp_orientation": lambda: rotation_vector(np.asarray(self._home), pose.quaternion),
            "tcp_velocity": lambda: twist[:3],
            "tcp_angular_velocity": lambda: twist[3:],
            "gripper": lambda: np.array([opening]),
            "wrench": lambda: _given(wrench),
        }
        whole = np.concatenate([values[part]() for part in self._parts])
        if self._ranges is not None:
            low, high = self._ranges
            whole = 2.0 * (whole - low) / (high - low) - 1.0
        return whole.astype(np.float32)


def _given(wrench: np.ndarray | None) -> np.ndarray:
    if wrench is None:
        raise SchemaError("the proprioception has a wrench, but none is there: take wrench out of proprio: parts.")
    return wrench


def _ranges(robot: RobotConfig) -> tuple[np.ndarray, np.ndarray]:
    """What becomes -1 and 1, each (P,)."""
    limits, gripper, (force, torque) = robot.limits, robot.gripper, robot.proprio.wrench_scale
    linear, angular = np.full(3, limits.tcp_speed.linear), np.full(3, limits.tcp_speed.angular)
    speed, wrench = np.array(limits.velocity), np.array([force] * 3 + [torque] * 3)
    ends = {
        "joint_positions": (limits.position_lower, limits.position_upper),
        "joint_velocities": (-speed, speed),
        "tcp_position": (robot.workspace.lower, robot.workspace.upper),
        "tcp_orientation": (np.full(3, -np.pi), np.full(3, np.pi)),
        "tcp_velocity": (-linear, linear),
        "tcp_angular_velocity": (-angular, angular),
        "gripper": ([gripper.closed], [gripper.open]),
        "wrench": (-wrench, wrench),
    }
    low, high = (np.concatenate([np.asarray(ends[part][side]) for part in robot.proprio.parts]) for side in (0, 1))
    return low, high


class StampJoin:
    """Joins two streams of vectors by their stamps, in whatever order they come; what has no partner is dropped."""

    def __init__(self, keep: int = 100) -> None:
        """Wait for partners of the newest `keep` vectors of each stream."""
        self._keep = keep
        self._waiting: tuple[dict[int, np.ndarray], dict[int, np.ndarray]] = ({}, {})

    def add(self, stream: int, stamp_ns: int, vector: np.ndarray) -> np.ndarray | None:
        """Take a vector of `stream` 0 or 1; returns both of its stamp as one vector, stream 0 first, once complete."""
        mine, others = self._waiting[stream], self._waiting[1 - stream]
        mine.pop(stamp_ns, None)  # a stamp may come again: it is the newest then
        mine[stamp_ns] = vector
        if len(mine) > self._keep:
            del mine[next(iter(mine))]
        if stamp_ns not in others:
            return None
        pair = (vector, others[stamp_ns]) if stream == 0 else (others[stamp_ns], vector)
        return np.concatenate(pair).astype(np.float32)
