"""How long the writer makes its caller wait: steps appended and committed one by one at the control rate."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from robot_rl.bench.replay_stores import META, steps
from robot_rl.bench.turns import Progress
from robot_rl.core.record import StepSpec
from robot_rl.replay.writer import ReplayWriter


def append_times(path: Path, spec: StepSpec, count: int, rate_hz: float, fsync: str, progress: Progress) -> np.ndarray:
    """Seconds (count,) of each append with its commit, paced at `rate_hz` into a new store at `path`.

    The files that a new chunk needs are made by the append that needs them, so their cost is in it.
    """
    seconds = np.empty(count)
    records = steps(spec, np.arange(count))
    with ReplayWriter.open(path, spec, META, fsync=fsync) as writer:
        start = time.perf_counter()
        for k in range(count):
            time.sleep(max(0.0, start + k / rate_hz - time.perf_counter()))
            before = time.perf_counter()
            writer.append(records[k])
            writer.commit()
            seconds[k] = time.perf_counter() - before
            progress(k + 1, count)
    return seconds
