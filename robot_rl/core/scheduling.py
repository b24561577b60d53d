"""Undoing what libraries do to the scheduling of this process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

REAL_TIME = tuple(getattr(os, name) for name in ("SCHED_FIFO", "SCHED_RR") if hasattr(os, name))


@contextmanager
def without_real_time() -> Iterator[None]:
    """Take back the real-time priority that the block gives to threads of this process, its own ones included.

    Some video encoders take priority 99 where they run as root: with it a film, and every process started afterwards,
    goes before the safety node.
    """
    before = _real_time_threads()
    try:
        yield
    finally:
        for thread in _real_time_threads() - before:
            with suppress(ProcessLookupError):  # it has ended
                os.sched_setscheduler(thread, os.SCHED_OTHER, os.sched_param(0))


def _real_time_threads() -> set[int]:
    if not REAL_TIME or not os.path.isdir("/proc/self/task"):
        return set()
    found = set()
    for name in os.listdir("/proc/self/task"):
        with suppress(ProcessLookupError):
            if os.sched_getscheduler(int(name)) & ~os.SCHED_RESET_ON_FORK in REAL_TIME:
                found.add(int(name))
    return found
