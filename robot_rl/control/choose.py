"""Ways to choose an action from an observation, behind one protocol."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from robot_rl.core.errors import UsageError
from robot_rl.core.observation import Observation


class Chooser(Protocol):
    """What the policy node acts with."""

    version: int
    """Version of the weights that act; 0 where none do."""
    refusal: str
    """Why no episode may start yet, or ''."""

    def begin(self) -> None:
        """An episode begins."""

    def choose(self, observation: Observation) -> np.ndarray | None:
        """Return an action (A,) in [-1, 1], or None where a person acts."""

    def load(self, data: bytes) -> None:
        """Take new weights; raise RobotRLError and keep the old ones where they are not usable."""


class TeleopChooser:
    """Leaves every action to the teleoperation device."""

    version = 0
    refusal = ""

    def begin(self) -> None:
        """Nothing: a person remembers."""

    def choose(self, observation: Observation) -> None:
        """Propose nothing."""
        del observation

    def load(self, data: bytes) -> None:
        """Refuse weights: a person acts."""
        raise UsageError(f"{len(data)} bytes of weights came while act is 'teleop': use act 'sample' or 'mean'.")
