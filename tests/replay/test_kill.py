"""A writer killed at random instants loses nothing it committed and tears nothing."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from robot_rl.core.errors import UsageError
from robot_rl.core.record import StepSpec
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.synthetic import synthetic_episode
from robot_rl.replay.verify import verify
from robot_rl.replay.writer import ReplayWriter

KILLS = int(os.environ.get("ROBOT_RL_KILLS", "50"))
KILLS_OF_A_STORE = 10
FILE = Path(__file__).with_name("writer_life.py")
pytestmark = pytest.mark.timeout(200 + KILLS)


def check(path: Path, spec: StepSpec, acknowledged: int) -> int:
    """Every acknowledged row is there, whole, once and in order; returns the number of rows that count."""
    try:
        reader = ReplayReader(path)
    except UsageError:
        assert acknowledged == 0, "only a store that was being created may be none yet"
        return 0
    committed = len(reader)
    assert committed >= acknowledged
    made = [synthetic_episode(spec, 10, first_seq=10 * k, episode=k) for k in range(committed // 10 + 1)]
    assert reader.rows(np.arange(committed)).tobytes() == np.concatenate(made)[:committed].tobytes()
    found = verify(path)
    assert (found.problems, found.missing_steps) == ((), 0)
    return committed


def test_kill_at_any_instant(tmp_path: Path, spec: StepSpec, zygote: Callable) -> None:
    """Each time all that was acknowledged is there, and the next writer goes on."""
    writers, chance, began, rows = zygote(FILE), random.Random(1), time.monotonic(), []
    for kill in range(KILLS):
        path = tmp_path / str(kill // KILLS_OF_A_STORE)
        committed = rows.pop() if kill % KILLS_OF_A_STORE else 0
        writer = writers.start(str(path), chance.choice([1, 1, 3]))
        time.sleep(chance.choice([0.02, 0.12]) * chance.random())
        assert writers.end(writer) == -9
        acknowledged = int(writers.said[-1]) if writers.said else 0
        writers.said.clear()
        rows.append(check(path, spec, max(acknowledged, committed)))
    print(f"{KILLS} kills, {sum(rows)} steps in {len(rows)} stores, {time.monotonic() - began:.0f} s")
    assert sum(rows) > KILLS
    ReplayWriter.open(path, spec, {"task": "reach"}).close()
