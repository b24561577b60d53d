"""The policy's action beside a person's word on the same observation."""

from __future__ import annotations

import numpy as np


class Supervision:
    """Keeps the policy's newest action until the person has said whether they act or have their hands off.

    In lockstep with a supervisor (`waits`) the policy's action has to wait for that word. Else nothing waits: kept is
    what was refused, for the case that the word is hands off.
    """

    def __init__(self, waits: bool) -> None:
        self._waits, self._heard_ns = waits, -1
        self._kept: tuple[int, np.ndarray] | None = None

    def must_wait(self, stamp_ns: int) -> bool:
        """Whether the policy's answer to the observation of `stamp_ns` has to wait for the person's word."""
        return self._waits and stamp_ns > self._heard_ns

    def keep(self, stamp_ns: int, action: np.ndarray) -> None:
        """Keep the policy's answer to the observation of `stamp_ns`."""
        self._kept = (stamp_ns, action)

    def hear(self, stamp_ns: int) -> np.ndarray | None:
        """Take the person's word on the observation of `stamp_ns`; return the policy's answer to it that was kept."""
        self._heard_ns = max(self._heard_ns, stamp_ns)
        if self._kept is None or self._kept[0] != stamp_ns:
            return None
        kept, self._kept = self._kept[1], None
        return kept

    def forget(self) -> None:
        """Another episode, or another clock, may begin."""
        self._heard_ns, self._kept = -1, None
