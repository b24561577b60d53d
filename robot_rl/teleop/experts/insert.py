"""Expert for insert: down a funnel over the socket, into line and deeper at once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from robot_rl.robot.tasks.insert import DEPTH, REACH, SIDE
from robot_rl.teleop.experts.base import Move, position

HOVER = 0.010
"""Height of the tip above the socket far from it [m]."""
CATCH = 0.004
"""How far the peg may be out of line where its tip is level with the socket [m]; it comes into line on the way down."""
SLOPE = 10.0
"""Height of the funnel, above that, by how far the peg is out of line."""
INSIDE = 0.004
"""Depth of the tip in the socket from which on it can only go deeper [m]."""
DOWN = 0.04
PRESSED = 0.008
"""How far the grip gives way where it is pressed enough: the hand waits until the peg is in line [m]."""
NEAR, STEADY = 0.006, 1.4
"""Offset [m] from which on what is left is done in nearly one step, and how much more of it at once."""
QUARTER = np.pi / 2


class InsertExpert:
    """Decides from the state alone, and alike in states that look alike: what a policy has to imitate has no jumps."""

    def reset(self) -> None:
        """Nothing to forget."""

    def move(self, state: Mapping[str, float]) -> Move:
        """The next move down the funnel, or along the rim where the peg stands on it."""
        # Sideways the hand counts: a peg that leans on a wall is where the wall is.
        sideways, turn = (position(state, "socket") - position(state, "tcp"))[:2], _turn(state)
        offset = float(np.hypot(*sideways))
        steady = STEADY if offset < NEAR else 1.0
        down = _down(state, offset + SIDE * abs(turn))
        return Move(np.array([*(steady * sideways), down]), gripper=-1.0, turn=steady * turn)

    def remaining(self, state: Mapping[str, float]) -> float:
        """Way of the hand sideways, of the peg's corners around its axis, and of its tip down into the socket [m]."""
        sideways = (position(state, "socket") - position(state, "tcp"))[:2]
        down = max(0.0, state["peg_z"] - state["socket_z"] + DEPTH)
        return float(np.hypot(*sideways)) + SIDE * abs(_turn(state)) + down


def _down(state: Mapping[str, float], out_of_line: float) -> float:
    """Vertical displacement of the hand [m]: to the funnel's wall, but pressing gently where the grip gives way."""
    height = state["peg_z"] - state["socket_z"]
    given_way = state["peg_z"] - (state["tcp_z"] - REACH)
    wall = -DOWN if height < -INSIDE else float(np.clip(SLOPE * (out_of_line - CATCH), -DOWN, HOVER)) - height
    return wall + given_way * max(1.0, -wall / PRESSED)


def _turn(state: Mapping[str, float]) -> float:
    """Turn that brings the peg into line [rad]; it is square."""
    turn = state["socket_yaw"] - state["peg_yaw"]
    return turn - QUARTER * round(turn / QUARTER)


EXPERT = InsertExpert
