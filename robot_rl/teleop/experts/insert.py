"""Expert for insert: over the socket and into line, down; up again and anew where the peg is blocked."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from robot_rl.teleop.experts import _peg as peg
from robot_rl.teleop.experts._funnel import FunnelExpert
from robot_rl.teleop.experts.base import Move

FREE = 0.004
"""Height from which on the tip may go sideways [m]."""
ALIGNED, TURNED = 0.002, 0.05
"""Horizontal offset [m] and turn [rad] from which on the peg may go down."""
BLOCKED = 0.012
"""How far the grip has given way [m] where the peg is blocked."""


class InsertExpert:
    """Decides from the state alone, but for a retreat once begun."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget a retreat in progress."""
        self._retreating = False

    def move(self, state: Mapping[str, float]) -> Move:
        """The next move of approach, descent or retreat."""
        sideways, height, turn = peg.sideways(state), peg.height(state), peg.turn(state)
        blocked = peg.given_way(state) > BLOCKED
        self._retreating = blocked or (self._retreating and height < FREE)
        if self._retreating:
            return Move(np.array([0.0, 0.0, peg.HOVER - height]), gripper=-1.0, turn=0.0)
        inside = height < -FREE
        if inside or (np.hypot(*sideways) < ALIGNED and abs(turn) < TURNED):
            return Move(np.array([*sideways, -peg.DOWN]), gripper=-1.0, turn=turn)
        # Rise first: sideways at this height the peg would rub along the peg.
        sideways = sideways if height > FREE else np.zeros(2)
        return Move(np.array([*sideways, peg.HOVER - height]), gripper=-1.0, turn=turn)

    def remaining(self, state: Mapping[str, float]) -> float:
        """The peg's way to the bottom of the socket [m]."""
        return peg.remaining(state)


EXPERT = InsertExpert
RESCUER = FunnelExpert
