"""Commands that nobody should send, and when: what the safety layer is measured against."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from robot_rl.core.record import Source
from robot_rl.safety.controller import SafetyController
from robot_rl.safety.reasons import Mode, Reason

BAD = 0.1
"""Share of actions that are malformed, stale or from the future."""
EVENT = 0.01
"""Share of actions with which something else happens: a reset, a stop, an emergency stop."""
SILENCE = 0.01
"""Share of actions after which nothing comes for a while."""


class Adversary:
    """Drives a SafetyController in the worst way, one style an episode, reproducibly by its generator."""

    def __init__(self, controller: SafetyController, size: int, rng: np.random.Generator) -> None:
        self._controller, self._size, self._rng = controller, size, rng
        styles: tuple[Callable[[], np.ndarray], ...] = (self._uniform, self._saturated, self._bang_bang, self._drift)
        self._style = styles[rng.integers(len(styles))]
        self._held, self._silent = self._signs(), 0

    def act(self, now_ns: int) -> None:
        """What comes in at a control tick: mode changes, then an action or something that poses as one."""
        self._change_modes()
        if self._silent > 0:
            self._silent -= 1
            return
        if self._rng.random() < SILENCE:
            self._silent = int(self._rng.integers(1, 10))
        source = Source.HUMAN if self._rng.random() < 0.3 else Source.POLICY
        action, stamp_ns = self._style(), now_ns - int(self._rng.integers(0, 150_000_000))
        if self._rng.random() < BAD:
            action, stamp_ns = self._spoil(action, stamp_ns)
        self._controller.on_action(source, stamp_ns, action, now_ns)

    def state(self, now_ns: int, q: np.ndarray, effort: np.ndarray) -> None:
        """Joint states of a tick, now and then missing or not finite."""
        draw = self._rng.random()
        if draw < 0.005:
            self._controller.on_state(now_ns, np.full_like(q, np.nan))
        elif draw < 0.99:
            self._controller.on_state(now_ns, q, effort)

    def _change_modes(self) -> None:
        controller = self._controller
        if controller.mode.is_alarm:
            controller.clear_estop()
        elif controller.mode is Mode.IDLE:
            controller.reset()
        elif controller.mode is Mode.READY:
            controller.start()
        elif controller.at_home:
            controller.task_was_reset(None if self._rng.random() > 0.05 else Reason.TASK_RESET_FAILED)
        elif self._rng.random() < EVENT:
            events = (controller.reset, controller.stop, controller.estop, controller.start)
            events[self._rng.integers(len(events))]()

    def _spoil(self, action: np.ndarray, stamp_ns: int) -> tuple[np.ndarray, int]:
        kind = self._rng.integers(6)
        if kind == 0:
            action[self._rng.integers(self._size)] = self._rng.choice([np.nan, np.inf, -np.inf])
        elif kind == 1:
            action = self._rng.uniform(-1, 1, int(self._rng.integers(0, 9)))
        elif kind == 2:
            action = action * 10.0 ** self._rng.uniform(0, 300)
        elif kind == 3:
            stamp_ns -= int(self._rng.integers(1, 10**12))
        elif kind == 4:
            stamp_ns += int(self._rng.integers(1, 10**12))
        else:
            action = action[:, None]
        return action, stamp_ns

    def _signs(self) -> np.ndarray:
        return self._rng.choice([-1.0, 1.0], self._size)

    def _uniform(self) -> np.ndarray:
        return self._rng.uniform(-1.0, 1.0, self._size)

    def _saturated(self) -> np.ndarray:
        if self._rng.random() < 0.05:
            self._held = self._signs()
        return self._held.copy()

    def _bang_bang(self) -> np.ndarray:
        self._held = -self._held
        return self._held.copy()

    def _drift(self) -> np.ndarray:
        action = self._rng.uniform(-0.3, 0.3, self._size) + 0.7 * self._held
        action[2] = -1.0
        return np.clip(action, -1.0, 1.0)
