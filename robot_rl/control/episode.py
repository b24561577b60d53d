"""When an episode ends and how it counts. No ROS."""

from __future__ import annotations

from dataclasses import dataclass

from robot_rl.core.outcome import Outcome
from robot_rl.core.record import Source


def episode_over(outcome: Outcome, steps_taken: int, limit: int) -> bool:
    """True where the observation just judged is the episode's last: the task ended, or `limit` actions were taken."""
    return outcome.terminated or outcome.success or steps_taken >= limit


@dataclass(frozen=True)
class EpisodeResult:
    """How an episode went: steps taken, sum of rewards, success, and in how many steps a person intervened."""

    length: int
    total: float
    success: bool
    interventions: int = 0


class EpisodeTally:
    """Adds up the running episode and counts finished ones towards `wanted` (0 for no end)."""

    def __init__(self, wanted: int, only_successes: bool = False) -> None:
        self.counted = 0
        self._wanted, self._only_successes = wanted, only_successes
        self.begin()

    @property
    def done(self) -> bool:
        """True once as many episodes as wanted have counted."""
        return 0 < self._wanted <= self.counted

    @property
    def success(self) -> bool:
        """Whether the running or last episode has succeeded."""
        return self._success

    def begin(self) -> None:
        """Start a new episode."""
        self._total, self._success, self._interventions = 0.0, False, 0

    def add(self, source: Source, reward: float, success: bool) -> None:
        """Add a step as it is recorded: an outcome whose step was lost does not count."""
        self._interventions += source is Source.INTERVENTION
        self._total += reward
        self._success |= success

    def end(self, length: int) -> EpisodeResult:
        """Close the episode of `length` actions."""
        self.counted += self._success or not self._only_successes
        return EpisodeResult(length, self._total, self._success, self._interventions)
