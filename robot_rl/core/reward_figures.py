"""What a reward classifier reached on episodes that it was not trained on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Of single observations (precision and recall at the threshold), and of whole episodes with hysteresis.

    An announced success is false where its episode has none, or none yet.
    """

    observations: int
    positives: int
    accuracy: float
    precision: float
    recall: float
    false_positives: int
    episodes: int
    successes: int
    announced: int
    false_successes: int
    early_successes: int
    missed_successes: int

    @property
    def false_share(self) -> float:
        """Share of false and early ones among announced successes, 0 where none was announced."""
        return (self.false_successes + self.early_successes) / self.announced if self.announced else 0.0
