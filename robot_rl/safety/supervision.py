"""The policy's action beside a person's word on the same observation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from robot_rl.core.record import Source
from robot_rl.safety.reasons import Reason

Judge = Callable[[Source, int, np.ndarray, int], Reason | None]
"""Takes an action: source, stamp [ns] of its observation, values (A,), node clock [ns]; returns why not, or None."""


class Supervision:
    """Hands actions to `judge` in the right order, whoever answered an observation first.

    In lockstep with a supervisor (`waits`) the policy's action is kept until the person has said whether they act or
    have their hands off. Else nothing waits, and what is kept is what was refused: it has its turn where the word is
    hands off.
    """

    def __init__(self, waits: bool, judge: Judge) -> None:
        self._waits, self._judge, self._heard_ns = waits, judge, -1
        self._kept: tuple[int, np.ndarray] | None = None

    def person(self, source: Source, stamp_ns: int, action: np.ndarray, now_ns: int) -> Reason | None:
        """A person acts: the policy's action that waited gives way, unless theirs is of no use."""
        refused = self._judge(source, stamp_ns, action, now_ns)
        waited = self._must_wait(stamp_ns)
        kept = self._hear(stamp_ns)
        if waited and kept is not None:
            self._judge(Source.POLICY, stamp_ns, kept, now_ns)
        return refused

    def policy(self, source: Source, stamp_ns: int, action: np.ndarray, now_ns: int) -> Reason | None:
        """The policy acts, at once or after the person's word."""
        if self._must_wait(stamp_ns):
            self._kept = (stamp_ns, action)
            return None
        refused = self._judge(source, stamp_ns, action, now_ns)
        if refused is Reason.PERSON_ACTS:
            self._kept = (stamp_ns, action)
        return refused

    def hands_off(self, stamp_ns: int, now_ns: int) -> None:
        """A person does not act on the observation of `stamp_ns`: what the policy answered to it has its turn."""
        kept = self._hear(stamp_ns)
        if kept is not None:
            self._judge(Source.POLICY, stamp_ns, kept, now_ns)

    def forget(self) -> None:
        """Another episode, or another clock, may begin."""
        self._heard_ns, self._kept = -1, None

    def _must_wait(self, stamp_ns: int) -> bool:
        return self._waits and stamp_ns > self._heard_ns

    def _hear(self, stamp_ns: int) -> np.ndarray | None:
        """Take note of a word; return the policy's answer to the same observation that was kept."""
        self._heard_ns = max(self._heard_ns, stamp_ns)
        if self._kept is None or self._kept[0] != stamp_ns:
            return None
        kept, self._kept = self._kept[1], None
        return kept
