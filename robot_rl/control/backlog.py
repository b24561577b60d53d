"""Back-pressure from disk to episodes: how many steps may be on their way before the policy side must stop. No ROS."""

from __future__ import annotations

from dataclasses import dataclass

HISTORY = 1000
"""Steps that the stream keeps for a learner that restarts; an older one that is not on disk by then is lost."""
MARGIN = 10
"""Steps of an episode that may still come after it was told to end."""


@dataclass(frozen=True)
class Backlog:
    """What the learner or recorder has announced.

    `committed`: steps of this writer on disk; `waiting`: steps of any writer that its disk refuses so far;
    `update_debt`: updates outstanding; `ending`: it has done its job and will write no step of a later episode.
    """

    committed: int = 0
    waiting: int = 0
    update_debt: float = 0.0
    ending: bool = False


@dataclass(frozen=True)
class BacklogRule:
    """What may be sent after `sent` steps, given the newest announcement (None before any).

    `longest` is the most steps one episode has, its last observation included. Without `wait` episodes also start
    where nobody has announced itself: nobody's record is then promised to be whole.
    """

    max_backlog: int
    max_update_debt: float
    longest: int
    wait: bool = True

    def refusal(self, sent: int, backlog: Backlog | None) -> str:
        """Return why no episode may start, or ''."""
        if backlog is None:
            return "no learner or recorder has announced itself" if self.wait else ""
        if backlog.ending:
            return "the learner has ended its run"
        if sent - backlog.committed > max(0, min(self.max_backlog, HISTORY - MARGIN - self.longest)):
            return f"{sent - backlog.committed} steps are not yet on disk"
        if backlog.waiting > self.max_backlog:
            return f"{backlog.waiting} steps wait for the learner's or recorder's disk"
        if backlog.update_debt > self.max_update_debt:
            return f"the learner is {backlog.update_debt:.0f} updates behind"
        return ""

    def full(self, sent: int, backlog: Backlog | None) -> bool:
        """True where a running episode must end, or the stream would forget steps that are not on disk."""
        return backlog is not None and sent - backlog.committed >= HISTORY - MARGIN

    def missing(self, sent: int, backlog: Backlog | None) -> int:
        """Steps that somebody has still to write before the stream's history may be forgotten."""
        if backlog is None:
            return sent if self.wait else 0
        return max(0, sent - backlog.committed)
