"""Which entry of a robot's action an axis of a device moves."""

from __future__ import annotations

from robot_rl.config.robot import RobotConfig
from robot_rl.robot.action_map import ActionMap

TRANSLATIONS = {"dx": "x", "dy": "y", "dz": "z"}
"""Entries by their names in actions that are displacements, and in those that are poses."""


class Entries:
    """The motion entries of a robot's actions, `names` (M,), under the names that devices use."""

    def __init__(self, robot: RobotConfig) -> None:
        action = ActionMap(robot)
        self.names = action.spec.names[: action.motion]
        self._joints = {f"j{number}": joint for number, joint in enumerate(robot.joints, 1)}

    def index(self, name: str) -> int | None:
        """Entry that `name` (dx to rz, j1 ..., or its own name) moves; None where the robot has none such."""
        joint = self._joints.get(name, "")
        for known in (name, TRANSLATIONS.get(name, ""), f"d_{joint}", f"q_{joint}"):
            if known in self.names:
                return self.names.index(known)
        return None
