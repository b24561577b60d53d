"""Features of a frozen encoder, computed once for each stored observation, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_POOL_SHIFT = 48
_MIB = 1 << 20


def transition_keys(pools: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Keys (B,) int64 of the observations in `rows` (B,) of the stores of `pools` (B,), see Batch."""
    return (pools.astype(np.int64) << _POOL_SHIFT) | rows


class FeatureCache:
    """Vectors by key; where it is full, a new one takes the place of the oldest.

    A vector that was dropped is computed again, with the same result: what `get` returns depends on keys alone, so a
    checkpoint need not hold the cache.
    """

    def __init__(self, size: int, budget_mb: float) -> None:
        """Keep vectors of `size` float32 in `budget_mb` MiB, one at least."""
        rows = max(1, int(budget_mb * _MIB) // (4 * size))
        self._vectors = np.zeros((rows, size), np.float32)  # memory is taken as rows are written
        self._keys = np.full(rows, -1, np.int64)
        self._slots: dict[int, int] = {}
        self._next = 0

    def __len__(self) -> int:
        return len(self._slots)

    def clear(self) -> None:
        """Drop all vectors."""
        self._slots.clear()
        self._keys[:] = -1
        self._next = 0

    def get(self, keys: np.ndarray, compute: Callable[[int], np.ndarray]) -> np.ndarray:
        """Vectors (B, size) of `keys` (B,); `compute(k)` gives that of the k-th, (1, size), where it is not known."""
        found = np.empty((len(keys), self._vectors.shape[1]), np.float32)
        for k, key in enumerate(keys.tolist()):
            slot = self._slots.get(key)
            found[k] = self._put(key, compute(k)) if slot is None else self._vectors[slot]
        return found

    def _put(self, key: int, vector: np.ndarray) -> np.ndarray:
        slot, self._next = self._next, (self._next + 1) % len(self._keys)
        self._slots.pop(int(self._keys[slot]), None)
        self._slots[key], self._keys[slot], self._vectors[slot] = slot, key, vector[0]
        return self._vectors[slot]
