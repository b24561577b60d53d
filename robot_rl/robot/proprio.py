"""Joint states to the proprioception vector."""

from __future__ import annotations

import numpy as np

from robot_rl.config.robot import RobotConfig
from robot_rl.robot.twin import KinematicTwin


def proprio_names(robot: RobotConfig) -> tuple[str, ...]:
    """Names of the proprioception vector: q_<joint>, dq_<joint>, tcp_x, tcp_y, tcp_z, gripper."""
    positions = (f"q_{joint}" for joint in robot.joints)
    velocities = (f"dq_{joint}" for joint in robot.joints)
    return (*positions, *velocities, "tcp_x", "tcp_y", "tcp_z", "gripper")


class ProprioMap:
    """Joint positions [rad], velocities [rad/s], tcp position in the base frame [m] and gripper opening [m]."""

    def __init__(self, robot: RobotConfig, twin: KinematicTwin) -> None:
        self.names = proprio_names(robot)
        self._twin = twin

    def vector(self, q: np.ndarray, dq: np.ndarray, opening: float) -> np.ndarray:
        """Vector float32 (2J + 4,) from positions `q` (J,), velocities `dq` (J,) and gripper joint position."""
        tcp = self._twin.tcp_pose(q).position
        return np.concatenate([q, dq, tcp, [opening]]).astype(np.float32)


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
