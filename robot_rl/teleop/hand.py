"""A person's commands as actions of a robot."""

from __future__ import annotations

import numpy as np

from robot_rl.config.limits import WorkspaceConfig
from robot_rl.config.robot import RobotConfig
from robot_rl.robot.action_map import ActionMap
from robot_rl.teleop.device import Command
from robot_rl.teleop.entries import Entries
from robot_rl.teleop.steering import make_steering


class Hand:
    """Turns commands into actions (A,), and remembers the gripper: one that is not moved stays as it is."""

    def __init__(self, robot: RobotConfig, workspace: WorkspaceConfig | None, period_s: float) -> None:
        """`workspace` replaces the robot's box where a task has another; `period_s` is the duration of a step."""
        self.names = ActionMap(robot).spec.names
        self.entries = Entries(robot)
        self._steering = make_steering(robot, workspace, period_s)
        self._opening, self._q = 1.0, None if self.places else np.zeros(0)

    @property
    def places(self) -> bool:
        """True where actions are places, for which the arm's joint positions must be known."""
        return self._steering.places

    @property
    def ready(self) -> bool:
        """True once an action can be given."""
        return self._q is not None

    @property
    def opening(self) -> float:
        """Gripper opening that is asked for, [-1 closed, 1 open]."""
        return self._opening

    @property
    def _grips(self) -> bool:
        return len(self.names) > len(self.entries.names)

    def begin(self) -> None:
        """An episode begins: the reset has opened the gripper."""
        self._opening = 1.0
        self._steering.forget()

    def take_over(self) -> None:
        """The person begins to act: from where the arm is now."""
        self._steering.forget()

    def at(self, q: np.ndarray) -> None:
        """Take the arm's joint positions (J,) [rad]."""
        if self.places:
            self._q = q

    def grip(self, opening: float) -> None:
        """Ask for a gripper opening, [-1 closed, 1 open]."""
        self._opening = opening

    def executed(self, action: np.ndarray) -> None:
        """Take an action (A,) that somebody else did, for where the gripper is."""
        if self._grips:
            self._opening = float(action[-1])

    def action(self, command: Command) -> np.ndarray:
        """Action (A,) float32 in [-1, 1]; without motion one that keeps the arm still."""
        asked = np.zeros(len(self.entries.names))
        for name, value in command.motion.items():
            index = self.entries.index(name)
            if index is not None:
                asked[index] = value
        motion = self._steering.motion(asked, command.joints if command.acts else None, self._q)
        grip = [self._opening] if self._grips else []
        return np.asarray([*motion, *grip], np.float32)
