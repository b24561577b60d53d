"""Where the peg of `insert` is, seen from its socket."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from robot_rl.robot.tasks.insert import DEPTH, REACH, SIDE
from robot_rl.teleop.experts.base import position

HOVER = 0.010
"""Height of the tip above the socket where the peg is not in line [m]."""
DOWN = 0.04
"""Displacement of the hand where nothing but down is left to do [m]: as fast as it may."""
QUARTER = np.pi / 2


def sideways(state: Mapping[str, float]) -> np.ndarray:
    """Horizontal way (2,) of the hand to the socket [m]; not of the peg: one that leans on a wall is where that is."""
    return (position(state, "socket") - position(state, "tcp"))[:2]


def height(state: Mapping[str, float]) -> float:
    """Height of the peg's tip above the socket's rim [m]."""
    return state["peg_z"] - state["socket_z"]


def given_way(state: Mapping[str, float]) -> float:
    """How far the peg was pushed up in the grip [m]."""
    return state["peg_z"] - (state["tcp_z"] - REACH)


def turn(state: Mapping[str, float]) -> float:
    """Turn that brings the peg into line [rad], at most an eighth of a circle: it is square."""
    whole = state["socket_yaw"] - state["peg_yaw"]
    return whole - QUARTER * round(whole / QUARTER)


def remaining(state: Mapping[str, float]) -> float:
    """Way of the hand sideways, of the peg's corners around its axis, and of its tip down into the socket [m]."""
    down = max(0.0, height(state) + DEPTH)
    return float(np.hypot(*sideways(state))) + SIDE * abs(turn(state)) + down
