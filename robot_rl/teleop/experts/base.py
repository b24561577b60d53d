"""What a scripted expert of one task is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np


@dataclass(frozen=True)
class Move:
    """Where the tcp should go from here: displacement (3,) [m], and gripper opening in [-1 closed, 1 open].

    `turn` is the turn about the base's z [rad] of a task whose robot turns, None where it does not matter.
    """

    displacement: np.ndarray
    gripper: float
    turn: float | None = None


class Expert(Protocol):
    """Chooses moves from the privileged state; memory that lasts longer than a step is cleared by `reset`."""

    def reset(self) -> None:
        """Forget the last episode."""

    def move(self, state: Mapping[str, float]) -> Move:
        """The move to make in `state` (names as in the task's state_names; gripper in [0 closed, 1 open])."""

    def remaining(self, state: Mapping[str, float]) -> float:
        """How far `state` is from done [m], along the expert's way; an estimate without memory."""


def position(state: Mapping[str, float], name: str) -> np.ndarray:
    """Position (3,) of `name` in the base frame [m]: its _x, _y and _z."""
    return np.array([state[f"{name}_{axis}"] for axis in "xyz"])
