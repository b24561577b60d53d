"""A compactor killed at random instants leaves a store that reads the same, and the next one goes on."""

from __future__ import annotations

import multiprocessing
import os
import random
import time
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from robot_rl.core.record import StepSpec
from robot_rl.replay.compact import compact
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.synthetic import synthetic_episode, synthetic_spec
from robot_rl.replay.verify import verify
from robot_rl.replay.writer import ReplayWriter

KILLS = int(os.environ.get("ROBOT_RL_COMPACT_KILLS", "30"))
CHUNKS = 12


def work(path: Path, pipe: Connection) -> None:
    """Compact, telling each chunk before it is worked on."""
    compact(path, lambda done, total: pipe.send_bytes(b"."))


def kill_once(path: Path, chance: random.Random) -> None:
    """Start a compactor and kill it a random moment after it began a random chunk."""
    context = multiprocessing.get_context("fork")  # a start-up with all imports takes longer than the work
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=work, args=(path, theirs))
    child.start()
    theirs.close()
    for _ in range(chance.randrange(CHUNKS) + 1):
        ours.recv_bytes()
    time.sleep(chance.uniform(0.0, 0.004))
    child.kill()
    child.join()
    ours.close()


def test_kill_at_any_instant(tmp_path: Path) -> None:
    """Each time: nothing torn, nothing lost, for a reader from before and for a new one; no draft stays for long."""
    spec: StepSpec = synthetic_spec(32)
    path, chance, records = tmp_path / "s", random.Random(3), synthetic_episode(spec, 8 * CHUNKS // 2 + 3)
    with ReplayWriter.open(path, spec, {}, chunk_rows=(8, 32)) as writer:
        writer.append(records)
    chunks = {file: file.read_bytes() for file in path.glob("image_*/c.*")}
    partly = drafts = 0
    for _ in range(KILLS):
        for file, raw in chunks.items():
            file.write_bytes(raw)
        before = ReplayReader(path)
        kill_once(path, chance)
        packed = sum(file.stat().st_size < len(raw) for file, raw in chunks.items())
        partly += 0 < packed < CHUNKS
        drafts += bool(list(path.rglob("*.new")))
        for reader in (before, ReplayReader(path)):
            assert reader.rows(np.arange(len(records))).tobytes() == records.tobytes()
        assert verify(path).problems == ()
        assert compact(path).compressed == CHUNKS - packed
        assert not list(path.rglob("*.new"))
        assert ReplayReader(path).rows(np.arange(len(records))).tobytes() == records.tobytes()
    assert partly, "no kill came in the middle"
    print(f"{partly} of {KILLS} kills came in the middle, {drafts} while a draft was there")
