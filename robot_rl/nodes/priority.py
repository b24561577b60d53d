"""A process that must be on time, before others: real-time scheduling where the system permits it."""

from __future__ import annotations

import gc
import os

PRIORITY, NICENESS = 20, -10


def raise_priority() -> str:
    """Give every thread of this process real-time priority, else a better niceness, else nothing; says which.

    Processes started later do not inherit the real-time priority. What exists now is taken out of garbage collection,
    so that a collection no longer takes as long as a tick.
    """
    gc.collect()
    gc.freeze()
    threads = [int(name) for name in os.listdir("/proc/self/task")] if os.path.isdir("/proc/self/task") else [0]
    try:
        for thread in threads:
            os.sched_setscheduler(thread, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(PRIORITY))
        return f"real-time priority {PRIORITY}"
    except (OSError, AttributeError):
        pass
    try:
        return f"niceness {os.nice(NICENESS)}"
    except OSError:
        return "normal priority: real-time priority needs CAP_SYS_NICE or an rtprio limit (ulimit -r)"
