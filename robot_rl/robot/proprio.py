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
