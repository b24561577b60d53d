"""External force, as the effort that the joints report."""

from __future__ import annotations

import numpy as np

from robot_rl.safety.reasons import Reason


class EffortLimit:
    """Measured joint efforts beyond which the robot stops and gives way to whatever it presses against."""

    reason = Reason.EFFORT

    def __init__(self, effort: tuple[float, ...]) -> None:
        self._limit = np.array(effort)

    def exceeded(self, effort: np.ndarray | None) -> bool:
        """True where a measured effort (J,) [Nm] is beyond its limit or not a number; a robot may report none."""
        return effort is not None and not bool((np.abs(effort) <= self._limit).all())
