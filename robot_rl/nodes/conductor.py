"""The policy node's dialogue with the safety node: reset, start and stop, as the episode machine allows."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from rclpy.node import Node

from robot_rl.control.episode_machine import EpisodeMachine, Event, State
from robot_rl.control.safety_status import SafetyStatus
from robot_rl.nodes.safety_client import SafetyClient
from robot_rl.safety.reasons import Mode

RESET_S = 60.0
"""Wall time after which a reset that was never answered is asked for again."""
STOP_S = 1.0
"""Wall time between two requests to stop what nobody here wants to move."""
RETRY_S = 0.3
"""Wall time after which a request that safety refused is made again."""
UNWANTED = {State.IDLE: (Mode.RUNNING,), State.STOPPED: (Mode.RUNNING, Mode.RESETTING)}
"""What safety must not do meanwhile: the episode of a policy node that is gone, or a request that a pause overtook."""


class Conductor:
    """Moves `machine` by what safety answers.

    `on_begin` is called with the stamp [ns] of the reset once actions are followed, `on_lost` where the running episode
    is over by safety's doing, `on_change` after everything that safety says.
    """

    def __init__(
        self,
        node: Node,
        machine: EpisodeMachine,
        on_begin: Callable[[int], None],
        on_lost: Callable[[], None],
        on_change: Callable[[], None],
        countdown_s: float = 0.0,
    ) -> None:
        """`countdown_s`: wall time from the arrival at home to the beginning of an episode."""
        self._machine, self._safety = machine, SafetyClient(node, self._on_safety)
        self._on_begin, self._on_lost, self._on_change = on_begin, on_lost, on_change
        self._resets = self._home_ns = 0
        self._asked = self._stopped = time.monotonic()
        self._retry, self._why = 0.0, ""
        self._countdown_s, self._due = countdown_s, float("inf")

    @property
    def refusal(self) -> str:
        """Why no reset may be asked for, or ''."""
        if time.monotonic() < self._retry:
            return f"the safety node refuses: {self._why}"
        if self._safety.status is None:
            return "no safety process has spoken yet"
        if not self._safety.all_heard:
            return "a safety process is there that has not spoken yet"
        return "" if self._safety.mode in (Mode.IDLE, Mode.READY) else "the safety node has not stopped yet"

    @property
    def countdown(self) -> int:
        """Seconds, rounded up, until the episode begins; 0 where nothing is counted down."""
        left = self._due - time.monotonic() if self._machine.state is State.READY else 0.0
        return math.ceil(left) if 0.0 < left < float("inf") else 0

    def reset(self) -> None:
        """Begin an episode with the way home."""
        if self._machine.take(Event.RESET):
            self._resets = self._safety.resets
            self._ask("reset")

    def stop(self, by_person: bool = False) -> None:
        """Ask for a stop; where it gets lost, `attend` asks again."""
        self._stopped = time.monotonic()
        self._safety.call("pause" if by_person else "stop")

    def attend(self) -> None:
        """Called often: what no message triggers."""
        now, state = time.monotonic(), self._machine.state
        if state in (State.RESETTING, State.READY) and (self._safety.refused or now - self._asked > RESET_S):
            self._machine.take(Event.GIVE_UP)
            self._retry, self._why = now + RETRY_S, self._safety.refused or "no answer in time"
        elif state is State.READY and now >= self._due:
            self._go()
        elif self._is_unwanted and now - self._stopped > STOP_S:
            self.stop()

    @property
    def _is_unwanted(self) -> bool:
        return self._safety.mode in UNWANTED.get(self._machine.state, ())

    def _go(self) -> None:
        self._due = float("inf")
        self._ask("start")

    def _ask(self, name: str) -> None:
        self._asked = time.monotonic()
        self._safety.call(name)

    def _on_safety(self, status: SafetyStatus) -> None:
        acted = self._machine.acting
        self._machine.on_safety(status)
        state = self._machine.state
        if acted and not self._machine.acting:
            self._on_lost()
        elif state is State.RESETTING and status.mode is Mode.READY and status.resets > self._resets:
            self._home_ns = status.stamp_ns
            self._machine.take(Event.HOME)
            self._asked = time.monotonic()
            self._due = self._asked + self._countdown_s
            if not self._countdown_s:
                self._go()
        elif state is State.READY and status.mode is Mode.RUNNING:
            self._machine.take(Event.BEGIN)
            self._on_begin(self._home_ns)
        if state is State.STOPPED and self._is_unwanted:
            self.stop()
        self._on_change()
