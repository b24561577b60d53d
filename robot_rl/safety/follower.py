"""From actions at the control rate to tcp velocities at the command rate, and back to the action really executed."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from robot_rl.core.record import Source
from robot_rl.safety.reasons import Reason

RAMP_S = 0.08
"""Time in which the tcp's reference velocity goes from the last action's to the next one's [s]."""


@dataclass
class ActionInForce:
    """An accepted action while it moves the robot.

    The tcp velocity ramps linearly from `start_velocity` to `action * scale` within RAMP_S and stays there, so the
    displacement is linear in the action and can be inverted: what was executed is the action that would have given
    the displacement that the filter really commanded.
    """

    source: Source
    stamp_ns: int
    action: np.ndarray
    start_velocity: np.ndarray
    start_tcp: np.ndarray
    latency: float
    ticks: int = 0
    reasons: set[Reason] = field(default_factory=set)
    _weight: float = 0.0

    def velocity(self, scale: float, dt: float) -> np.ndarray:
        """Reference tcp velocity (3,) [m/s] of the next tick; `scale` is the speed of a full action [m/s]."""
        self.ticks += 1
        share = min(1.0, self.ticks * dt / RAMP_S)
        self._weight += share * dt
        return (1.0 - share) * self.start_velocity + share * scale * self.action[:3].astype(np.float64)

    def executed(self, tcp: np.ndarray, scale: float, dt: float) -> np.ndarray:
        """The action (A,) in [-1, 1] that the commanded motion up to `tcp` (3,) [m] amounts to."""
        action = self.action.copy()
        if self.ticks == 0:
            return np.zeros_like(action)
        coasted = self.start_velocity * (self.ticks * dt - self._weight)
        action[:3] = np.clip((tcp - self.start_tcp - coasted) / (self._weight * scale), -1.0, 1.0)
        return action


@dataclass(frozen=True)
class Executed:
    """What became of one accepted action."""

    stamp_ns: int
    source: Source
    action: np.ndarray
    latency: float
    reasons: frozenset[Reason]
