"""Expert for reach: straight to the target."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from robot_rl.teleop.experts.base import Move, position


class ReachExpert:
    """Moves towards the target with the gripper open."""

    def reset(self) -> None:
        """Nothing is remembered."""

    def move(self, state: Mapping[str, float]) -> Move:
        """The way that is left."""
        return Move(position(state, "target") - position(state, "tcp"), gripper=1.0)

    def remaining(self, state: Mapping[str, float]) -> float:
        """Distance to the target [m]."""
        return float(np.linalg.norm(position(state, "target") - position(state, "tcp")))


EXPERT = ReachExpert
