"""Undoing what libraries do to the scheduling of this process."""

from __future__ import annotations

import ctypes
import os
import threading
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
        taken = _real_time_threads() - before
        for thread in taken:
            with suppress(ProcessLookupError):  # it has ended
                os.sched_setscheduler(thread, os.SCHED_OTHER, os.sched_param(0))
        if threading.get_native_id() in taken:
            _tell_libc()


def _tell_libc() -> None:
    """Have the C library forget the calling thread's priority: it keeps a copy, which new threads of DDS take over."""
    nothing = ctypes.c_int(0)
    ident = ctypes.c_ulong(threading.get_ident())
    ctypes.CDLL(None).pthread_setschedparam(ident, os.SCHED_OTHER, ctypes.byref(nothing))


def _real_time_threads() -> set[int]:
    if not REAL_TIME or not os.path.isdir("/proc/self/task"):
        return set()
    found = set()
    for name in os.listdir("/proc/self/task"):
        with suppress(ProcessLookupError):
            if os.sched_getscheduler(int(name)) & ~os.SCHED_RESET_ON_FORK in REAL_TIME:
                found.add(int(name))
    return found
