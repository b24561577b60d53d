"""What an action consists of: the motion entries of the robot's mode, then the gripper."""

from __future__ import annotations

import numpy as np

from robot_rl.config.robot import RobotConfig
from robot_rl.core.spec import ActionSpec
from robot_rl.robot.modes import make_mode

NOT_USED = np.array([1.0, 0.0, 0.0, 0.0]), 1.0
"""Orientation and period for a mode that is only asked for its names."""


class ActionMap:
    """Splits actions (A,) in [-1, 1] into motion (M,) and a gripper joint position, and joins them again.

    `gripper`, where the robot has it, is an absolute opening: -1 closed, +1 open.
    """

    def __init__(self, robot: RobotConfig) -> None:
        self._closed, self._open = robot.gripper.closed, robot.gripper.open
        motion = make_mode(robot, *NOT_USED).names
        self.motion = len(motion)
        """Number of motion entries M."""
        self.spec = ActionSpec((*motion, *(("gripper",) if robot.action.gripper else ())))

    def opening(self, action: np.ndarray) -> float:
        """Gripper joint position that `action` asks for; open for robots whose actions leave the gripper out."""
        if self.spec.size == self.motion:
            return self._open
        return self._closed + 0.5 * (float(action[-1]) + 1.0) * (self._open - self._closed)

    def join(self, motion: np.ndarray, opening: float) -> np.ndarray:
        """Action float32 (A,), clipped to [-1, 1], of `motion` (M,) with the gripper at `opening`."""
        values = list(motion)
        if self.spec.size > self.motion:
            values.append(2.0 * (opening - self._closed) / (self._open - self._closed) - 1.0)
        return np.asarray(np.clip(values, -1.0, 1.0), np.float32)
