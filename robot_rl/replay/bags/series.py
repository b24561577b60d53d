"""Values by their stamps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Series:
    """Stamps (n,) int64 [ns], not decreasing, and the value of each (n, ...)."""

    stamps: np.ndarray
    values: np.ndarray

    @staticmethod
    def of(items: Sequence[tuple[int, Any]], shape: tuple[int, ...] = (), dtype: type = np.float64) -> Series:
        """Series of (stamp, value of `shape`) in any order; of equal stamps the later item counts as newer."""
        stamps = np.array([stamp for stamp, _ in items], np.int64)
        values: np.ndarray = np.array([value for _, value in items], dtype).reshape(len(items), *shape)
        order = np.argsort(stamps, kind="stable")
        return Series(stamps[order], values[order])

    def until(self, times: np.ndarray | int) -> np.ndarray:
        """Index of the newest value not after each of `times`, -1 where there is none."""
        return np.searchsorted(self.stamps, times, side="right") - 1

    def before(self, times: np.ndarray | int) -> np.ndarray:
        """Index of the newest value before each of `times`, -1 where there is none."""
        return np.searchsorted(self.stamps, times, side="left") - 1

    def __len__(self) -> int:
        """Number of values."""
        return len(self.stamps)
