"""Rescuer of insert: down a funnel over the socket, into line and deeper at once, from wherever the peg was left."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from robot_rl.robot.tasks.insert import SIDE
from robot_rl.teleop.experts import _peg as peg
from robot_rl.teleop.experts.base import Move

CATCH = 0.004
"""How far the peg may be out of line where its tip is level with the socket [m]; it comes into line on the way down."""
SLOPE = 10.0
"""Height of the funnel, above that, by how far the peg is out of line."""
INSIDE = 0.004
"""Depth of the tip in the socket from which on it can only go deeper [m]."""
PRESSED = 0.008
"""How far the grip gives way where it is pressed enough: the hand waits until the peg is in line [m]."""
GAIN = 2.2
"""How much of what is out of line is undone at once, times what a script does of a way: a third too far.

Whoever imitates this is off by some part of an action: the larger the action that a millimetre asks for, the fewer
millimetres that is. Where the peg slips over the opening it goes in."""


class FunnelExpert:
    """Decides from the state alone, and alike in states that look alike: what a policy has to imitate has no jumps."""

    def reset(self) -> None:
        """Nothing to forget."""

    def move(self, state: Mapping[str, float]) -> Move:
        """The next move down the funnel, or along the rim where the peg stands on it."""
        sideways, turn = peg.sideways(state), peg.turn(state)
        offset = float(np.hypot(*sideways))
        down = _down(state, offset + SIDE * abs(turn))
        return Move(np.array([*(GAIN * sideways), down]), gripper=-1.0, turn=GAIN * turn)

    def remaining(self, state: Mapping[str, float]) -> float:
        """The peg's way to the bottom of the socket [m]."""
        return peg.remaining(state)


def _down(state: Mapping[str, float], out_of_line: float) -> float:
    """Vertical displacement of the hand [m]: to the funnel's wall, but pressing gently where the grip gives way."""
    height, given_way = peg.height(state), peg.given_way(state)
    funnel = float(np.clip(SLOPE * (out_of_line - CATCH), -peg.DOWN, peg.HOVER))
    wall = -peg.DOWN if height < -INSIDE else funnel - height
    return wall + given_way * max(1.0, -wall / PRESSED)
