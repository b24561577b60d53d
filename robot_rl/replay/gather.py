"""Gathers rows of a large array on several threads: one core alone does not fill the memory bus."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np

PART_BYTES = 2 << 20
"""What a thread gets at least: waking one costs as much as copying a quarter of that."""
MOST_THREADS = 4
"""Beyond, the bus is full."""


def gather(source: np.ndarray, rows: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Copy `source[rows]` (n, ...) into `out`, or a new array. The caller checks that all `rows` (n,) are there."""
    if out is None:
        out = np.empty((len(rows), *source.shape[1:]), source.dtype)
    parts = max(min(_threads(), out.nbytes // PART_BYTES), 1)
    bounds = [part * len(rows) // parts for part in range(parts + 1)]
    # mode="clip" lets numpy write straight into `out`; with "raise" it goes through a buffer.
    tasks = [
        _pool().submit(np.take, source, rows[start:stop], 0, out[start:stop], "clip")
        for start, stop in zip(bounds[1:], bounds[2:], strict=False)
    ]
    np.take(source, rows[: bounds[1]], 0, out[: bounds[1]], "clip")
    for task in tasks:
        task.result()
    return out


@cache
def _threads() -> int:
    return min(len(os.sched_getaffinity(0)), MOST_THREADS)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_threads() - 1, "gather")


os.register_at_fork(after_in_child=_pool.cache_clear)  # threads do not survive a fork
