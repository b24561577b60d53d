"""What a task or a reward source says of one observation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """Reward of the transition that ended in this observation, and what it means for the episode.

    `terminated` is true only when the task really ended (success or an unrecoverable state); a time limit is
    truncation and is decided by the episode, never here.
    """

    reward: float
    success: bool = False
    terminated: bool = False
