"""When ticks happened: how regular a fixed-rate output is."""

from __future__ import annotations

from array import array
from pathlib import Path

import numpy as np


class TickTimes:
    """Times of ticks on a steady clock [ns]: those since the last `figures`, and all where they will be saved."""

    def __init__(self, keep: bool) -> None:
        self._recent, self._all, self._keep = array("q"), array("q"), keep

    def add(self, now_ns: int) -> None:
        """A tick at `now_ns`."""
        self._recent.append(now_ns)
        if self._keep:
            self._all.append(now_ns)

    def figures(self) -> dict[str, float]:
        """Figures of the ticks since the last call; empty for fewer than two periods."""
        recent, self._recent = np.array(self._recent), self._recent[-1:]
        return period_figures(np.diff(recent)) if len(recent) > 2 else {}

    def save(self, path: Path, offset_ns: int) -> None:
        """Write all times plus `offset_ns` as a .npy file, int64 (N,)."""
        with path.open("wb") as file:
            np.save(file, np.array(self._all, np.int64) + offset_ns)


def period_figures(periods_ns: np.ndarray) -> dict[str, float]:
    """Rate, median, 99th percentile and maximum of periods (N,) [ns], N > 0."""
    periods_ms = periods_ns * 1e-6
    p50, p99, most = np.percentile(periods_ms, (50, 99, 100))
    return {
        "command_rate_hz": round(1e3 / float(periods_ms.mean()), 3),
        "command_period_p50_ms": round(float(p50), 3),
        "command_period_p99_ms": round(float(p99), 3),
        "command_period_max_ms": round(float(most), 3),
    }
