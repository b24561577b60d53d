"""Who may act: a person over the policy, and what stands in for the policy meanwhile."""

from __future__ import annotations

import numpy as np

from robot_rl.core.record import Source
from robot_rl.safety.follower import ActionInForce


class Arbiter:
    """A person has control for `hold_s` after the last action of their device; the policy is refused meanwhile.

    An observation to which the policy may not answer still gets an answer, so that every step of an episode has an
    executed action: the person's last one for `carry_s` after its stamp, as without a policy, then a hold.
    """

    def __init__(self, hold_s: float, carry_s: float) -> None:
        self._hold_ns, self._carry_ns = round(hold_s * 1e9), round(carry_s * 1e9)
        self._last: ActionInForce | None = None
        self._heard_ns = 0

    def heard(self, action: ActionInForce, now_ns: int) -> None:
        """Take note of an accepted action."""
        if action.source.is_prior:
            self._last, self._heard_ns = action, now_ns

    def refuses(self, source: Source, now_ns: int) -> bool:
        """Whether an action of `source` must wait because a person has control."""
        return self._last is not None and not source.is_prior and now_ns - self._heard_ns <= self._hold_ns

    def stand_in(self, refused: ActionInForce, now_ns: int) -> ActionInForce:
        """What is in force instead of the policy's `refused` action, under the stamp of the same observation."""
        last = self._last
        if last is not None and now_ns - last.stamp_ns <= self._carry_ns:
            return ActionInForce(last.source, refused.stamp_ns, last.action, refused.latency, last.since_ns)
        nothing = np.zeros_like(refused.action)
        return ActionInForce(Source.HOLD, refused.stamp_ns, nothing, refused.latency, refused.stamp_ns)

    def release(self) -> None:
        """Nobody has control any more: the robot was stopped or reset."""
        self._last = None
