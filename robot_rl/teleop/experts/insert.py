"""Expert for insert: over the socket and into line, down; up again and anew where the peg is blocked."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from robot_rl.robot.tasks.insert import DEPTH, REACH, SIDE
from robot_rl.teleop.experts.base import Move, position

HOVER = 0.010
"""Height of the tip above the socket at which the peg is brought into line [m]."""
FREE = 0.004
"""Height from which on the tip may go sideways [m]."""
ALIGNED, TURNED = 0.002, 0.05
"""Horizontal offset [m] and turn [rad] from which on the peg may go down."""
BLOCKED = 0.012
"""How far the grip has given way [m] where the peg is blocked."""
DOWN = 0.04
QUARTER = np.pi / 2


class InsertExpert:
    """Decides from the state alone, but for a retreat once begun."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget a retreat in progress."""
        self._retreating = False

    def move(self, state: Mapping[str, float]) -> Move:
        """The next move of approach, descent or retreat."""
        # Sideways the hand counts: a peg that leans on a wall is where the wall is.
        sideways = (position(state, "socket") - position(state, "tcp"))[:2]
        height = state["peg_z"] - state["socket_z"]
        turn = _turn(state)
        blocked = state["peg_z"] - (state["tcp_z"] - REACH) > BLOCKED
        self._retreating = blocked or (self._retreating and height < FREE)
        if self._retreating:
            return Move(np.array([0.0, 0.0, HOVER - height]), gripper=-1.0, turn=0.0)
        inside = height < -FREE
        if inside or (np.hypot(*sideways) < ALIGNED and abs(turn) < TURNED):
            return Move(np.array([*sideways, -DOWN]), gripper=-1.0, turn=turn)
        # Rise first: sideways at this height the peg would rub along the socket.
        sideways = sideways if height > FREE else np.zeros(2)
        return Move(np.array([*sideways, HOVER - height]), gripper=-1.0, turn=turn)

    def remaining(self, state: Mapping[str, float]) -> float:
        """Way of the hand sideways, of the peg's corners around its axis, and of its tip down into the socket [m]."""
        sideways = (position(state, "socket") - position(state, "tcp"))[:2]
        down = max(0.0, state["peg_z"] - state["socket_z"] + DEPTH)
        return float(np.hypot(*sideways)) + SIDE * abs(_turn(state)) + down


def _turn(state: Mapping[str, float]) -> float:
    """Turn that brings the peg into line [rad]; it is square."""
    turn = state["socket_yaw"] - state["peg_yaw"]
    return turn - QUARTER * round(turn / QUARTER)


EXPERT = InsertExpert
