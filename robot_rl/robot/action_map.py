"""What an action means: a displacement of the commanded tcp and an opening of the gripper."""

from __future__ import annotations

import numpy as np

from robot_rl.config.robot import RobotConfig
from robot_rl.core.geometry import Pose
from robot_rl.core.spec import ActionSpec

DOWN = np.array([0.0, 1.0, 0.0, 0.0])
"""Orientation (wxyz) of a tcp that points straight down: half a turn about the base frame's x axis."""


class ActionMap:
    """Maps actions (A,) in [-1, 1] to tcp targets and openings, and back.

    (dx, dy, dz) displace the tcp in the base frame, full scale `robot.action.translation` per step; the orientation
    stays pointing down. `gripper`, where the robot has it, is an absolute opening: -1 closed, +1 open.
    """

    def __init__(self, robot: RobotConfig) -> None:
        self._scale = robot.action.translation
        self._closed, self._open = robot.gripper.closed, robot.gripper.open
        self.spec = ActionSpec(("dx", "dy", "dz", *(("gripper",) if robot.action.gripper else ())))

    def target(self, tcp: Pose, action: np.ndarray) -> Pose:
        """Pose that `action` asks for, from the commanded `tcp` pose (both in the base frame)."""
        return Pose(tcp.position + self._scale * np.asarray(action[:3], np.float64), DOWN)

    def opening(self, action: np.ndarray) -> float:
        """Gripper joint position [m] that `action` asks for; open for robots whose actions leave the gripper out."""
        if "gripper" not in self.spec.names:
            return self._open
        return self._closed + 0.5 * (float(action[3]) + 1.0) * (self._open - self._closed)

    def invert(self, start: Pose, end: Pose, opening: float) -> np.ndarray:
        """Action float32 (A,), clipped to [-1, 1], that displaces `start` to `end` with the gripper at `opening`."""
        values = list((end.position - start.position) / self._scale)
        if "gripper" in self.spec.names:
            values.append(2.0 * (opening - self._closed) / (self._open - self._closed) - 1.0)
        return np.asarray(np.clip(values, -1.0, 1.0), np.float32)
