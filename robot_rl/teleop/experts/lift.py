"""Expert for lift: over the cube, down, close, up; from the start again where the cube was missed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from robot_rl.robot.tasks.lift import HALF, HEIGHT
from robot_rl.teleop.experts.base import Move, position

HOVER = np.array([0.0, 0.0, 0.06])
UP = np.array([0.0, 0.0, 0.05])
ALIGNED = 0.012
"""Horizontal offset [m] at which the cube is between the open fingers."""
LOST = 0.03
"""Horizontal offset [m] at which the fingers would come down on the cube."""
DEPTH = 0.008
"""Vertical offset [m] at which the fingers hold the cube around its middle."""
OPEN = 0.875
"""Opening, as a share of all, from which the gripper may come down around the cube."""
CLOSING_STEPS = 3
PATIENCE = 8


class LiftExpert:
    """Decides from the state alone where it can; remembers only for how long it has been closing."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget a grasp in progress."""
        self._closing = 0

    def move(self, state: Mapping[str, float]) -> Move:
        """The next move of approach, descent, grasp or lift."""
        way = position(state, "cube") - position(state, "tcp")
        offset = float(np.hypot(way[0], way[1]))
        if self._closing or (offset < ALIGNED and abs(way[2]) < DEPTH):
            return self._grasp(offset, held=state["cube_grasped"] > 0.5)
        if offset < ALIGNED and state["gripper"] > OPEN:
            return Move(way, gripper=1.0)
        above = way + HOVER
        if offset > LOST and above[2] > 0.01:
            # Rise first: moving sideways at this height would push the cube.
            above[:2] = 0.0
        return Move(above, gripper=1.0)

    def remaining(self, state: Mapping[str, float]) -> float:
        """Way to the cube, and from the table up with it [m]."""
        to_cube = np.linalg.norm(position(state, "cube") - position(state, "tcp"))
        return float(to_cube) + max(0.0, HALF + HEIGHT - state["cube_z"])

    def _grasp(self, offset: float, held: bool) -> Move:
        self._closing += 1
        if offset > LOST or (self._closing > PATIENCE and not held):
            self.reset()
            return Move(UP, gripper=1.0)
        lifting = held and self._closing > CLOSING_STEPS
        return Move(UP if lifting else np.zeros(3), gripper=-1.0)


EXPERT = LiftExpert
