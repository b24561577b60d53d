"""When training has come to its end."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from robot_rl.config.learning import LearnerConfig
from robot_rl.replay.reader import Episode

SUCCESS, INTERRUPTED = "success", "interrupted"
"""Why training ended that reached its goal, and that came to no end of its own."""


class Goal:
    """Success rate of the newest episodes against the threshold; time and steps against the budget.

    An episode in which a person intervened is no success of the policy's, however it ended.
    """

    def __init__(self, config: LearnerConfig) -> None:
        self._config = config
        self._successes: deque[bool] = deque(maxlen=config.success_window)
        self._steps: deque[tuple[int, int]] = deque(maxlen=config.success_window)
        self.episodes = self.settled = 0

    def add_episode(self, success: bool, steps: int = 0, interventions: int = 0) -> None:
        """Take the outcome of an online episode of `steps`, `interventions` of which a person chose."""
        self._successes.append(success and not interventions)
        self._steps.append((steps, interventions))
        self.episodes += 1

    def go_on(self, episodes: Iterable[Episode], settled: int) -> None:
        """Take the complete `episodes` of earlier sessions, of which the first `settled` have ended training once.

        They do not end it again: where it goes on, a whole window of newer episodes must reach the threshold.
        """
        self.settled = settled
        for episode in filter(lambda episode: episode.complete, episodes):
            self.add_episode(episode.success, episode.length, episode.interventions)
            if self.episodes == settled:
                self._successes.clear()
                self._steps.clear()

    @property
    def success_rate(self) -> float:
        """Share of the newest episodes in which the policy succeeded unaided, 0 before the first."""
        return sum(self._successes) / len(self._successes) if self._successes else 0.0

    @property
    def intervention_rate(self) -> float:
        """Share of the newest episodes' steps in which a person acted, 0 before the first."""
        taken = sum(steps for steps, _ in self._steps)
        return sum(interventions for _, interventions in self._steps) / taken if taken else 0.0

    def reached(self, wall_s: float, env_steps: int, updates: int) -> str:
        """Why training ends now ('success', 'budget', 'steps'), or ''; success counts only once updates were made."""
        full = len(self._successes) == self._config.success_window
        if updates and full and self.success_rate >= self._config.success_threshold:
            return SUCCESS
        if 0 < self._config.budget_s <= wall_s:
            return "budget"
        if 0 < self._config.max_steps <= env_steps:
            return "steps"
        return ""
