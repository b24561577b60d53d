"""Success that must last before it counts, so that a flicker of a classifier is no reward."""

from __future__ import annotations

RELEASE = 0.5
"""Share of the threshold below which success is over again."""


class Hysteresis:
    """On after scores of at least `threshold` over `frames` observations in a row; off below half of it.

    Observations are `period_ns` apart, or closer: then all of those within (frames - 1) periods must agree. Where one
    is missing the row begins anew. A period of 1 counts observations by their number in place of a stamp.
    """

    def __init__(self, frames: int, threshold: float, period_ns: int = 1) -> None:
        self._threshold = threshold
        self._span_ns, self._gap_ns = (frames - 1.5) * period_ns, 1.5 * period_ns
        self.reset()

    def reset(self) -> None:
        """An episode begins: nothing has been seen."""
        self._on = False
        self._since: int | None = None
        self._last: int | None = None

    def update(self, stamp_ns: int, score: float) -> bool:
        """Take the score of the observation of `stamp_ns`; true where success counts. The same stamp may come again.

        A score that is NaN is none.
        """
        broken = self._last is not None and not 0 <= stamp_ns - self._last <= self._gap_ns
        if broken:
            self.reset()
        self._last = stamp_ns
        if not score >= self._threshold:
            self._since = None
            self._on = self._on and score >= RELEASE * self._threshold
        elif self._since is None:
            self._since = stamp_ns
        if self._since is not None and stamp_ns - self._since > self._span_ns:
            self._on = True
        return self._on


def first_success(scores: list[float], threshold: float, frames: int) -> int | None:
    """Index of the observation of an episode at which success counts, None where it never does."""
    held = Hysteresis(frames, threshold)
    return next((index for index, score in enumerate(scores) if held.update(index, score)), None)
