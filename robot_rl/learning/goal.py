"""When training has come to its end."""

from __future__ import annotations

from collections import deque

from robot_rl.config.learning import LearnerConfig


class Goal:
    """Success rate of the newest episodes against the threshold; time and steps against the budget."""

    def __init__(self, config: LearnerConfig) -> None:
        self._config = config
        self._successes: deque[bool] = deque(maxlen=config.success_window)
        self.episodes = 0

    def add_episode(self, success: bool) -> None:
        """Take the outcome of an online episode."""
        self._successes.append(success)
        self.episodes += 1

    @property
    def success_rate(self) -> float:
        """Success rate of the newest episodes, 0 before the first."""
        return sum(self._successes) / len(self._successes) if self._successes else 0.0

    def reached(self, wall_s: float, env_steps: int, updates: int) -> str:
        """Why training ends now ('success', 'budget', 'steps'), or ''; success counts only once updates were made."""
        full = len(self._successes) == self._config.success_window
        if updates and full and self.success_rate >= self._config.success_threshold:
            return "success"
        if 0 < self._config.budget_s <= wall_s:
            return "budget"
        if 0 < self._config.max_steps <= env_steps:
            return "steps"
        return ""
