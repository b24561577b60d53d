"""How much else the machine had to do while something was measured: without it a figure cannot be judged."""

from __future__ import annotations

import os
import time
from pathlib import Path


class OtherLoad:
    """Cores kept busy by others than this process (and by other machines on the same host) since it was made."""

    def __init__(self) -> None:
        self._start, self._others = time.perf_counter(), _others_seconds()

    def cores(self) -> float:
        """Mean number of cores; steps of the kernel's clock make it coarse within the first second."""
        return max(_others_seconds() - self._others, 0.0) / (time.perf_counter() - self._start)


def _others_seconds() -> float:
    """CPU seconds of the whole machine less those of this process and its ended children."""
    user, nice, system, _idle, _wait, *interrupts = map(int, Path("/proc/stat").read_text().split()[1:9])
    own = os.times()
    busy = (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")
    return busy - (own.user + own.system + own.children_user + own.children_system)
