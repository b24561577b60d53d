"""A scripted person who watches the policy, takes over where it strays, and lets go once that is mended."""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from robot_rl.config.supervisor import SupervisorConfig
from robot_rl.teleop.scripted import ScriptedExpert

REMEMBERED = 20
"""Newest episodes by which it trusts the policy."""


class ScriptedSupervisor:
    """Acts as `expert` while the policy needs help, and has its hands off else.

    It takes over where the way that is left (`ScriptedExpert.remaining`) has not become shorter for a while, where it
    has become longer, or where time runs out. The more of the newest episodes went without help, the longer it waits.
    The same seed and states give the same actions.
    """

    def __init__(self, expert: ScriptedExpert, config: SupervisorConfig, seed: int = 0) -> None:
        self._expert, self._config = expert, config
        self._rng = np.random.default_rng(seed)
        self._unaided: deque[bool] = deque(maxlen=REMEMBERED)
        self._step, self._watching, self._helped = 0, False, False
        self.reset()

    @property
    def acting(self) -> bool:
        """True from a takeover until control is given back."""
        return self._acted > 0

    def reset(self) -> None:
        """Begin an episode, and draw whether to watch it."""
        if self._step and self._watching:
            self._unaided.append(not self._helped)
        self._helped = False
        self._watching = bool(self._rng.random() < self._config.rate)
        self._step, self._acted, self._goal = 0, 0, 0.0
        self._begin_anew()

    def act(self, state: np.ndarray) -> np.ndarray | None:
        """Action float32 (A,) for the privileged `state` at the next step of the episode, None for hands off."""
        way = self._expert.remaining(state)
        self._step += 1
        if self.acting and self._is_mended(way):
            self._acted = 0
            self._begin_anew()
        if not self.acting:
            if not self._watching or not self._strays(way):
                return None
            self._goal, self._helped = self._config.give_back * way, True
            self._expert.reset()
        self._acted += 1
        return self._expert.act(state)

    def _begin_anew(self) -> None:
        """Let the policy begin anew."""
        self._shortest, self._stuck = math.inf, 0

    def _strays(self, way: float) -> bool:
        config = self._config
        self._stuck = 0 if way < self._shortest - config.progress else self._stuck + 1
        grown = way > self._shortest + config.tolerance
        if self._stuck == 0:
            self._shortest = way
        late = 0 < config.deadline < self._step
        return self._stuck >= self._patience or grown or late

    @property
    def _patience(self) -> int:
        return self._config.patience + round(self._config.trust * sum(self._unaided) / REMEMBERED)

    def _is_mended(self, way: float) -> bool:
        config = self._config
        if self._acted < config.min_steps:
            return False
        in_time = not 0 < config.deadline < self._step
        return in_time and (way <= self._goal or self._acted >= config.max_steps)
