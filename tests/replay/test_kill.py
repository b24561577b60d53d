"""A writer killed at random instants loses nothing it committed and tears nothing."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from robot_rl.core.errors import UsageError
from robot_rl.core.record import StepSpec
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.synthetic import synthetic_episode
from robot_rl.replay.verify import verify
from robot_rl.replay.writer import ReplayWriter

KILLS = int(os.environ.get("ROBOT_RL_KILLS", "15"))

# Writes steps one at a time from where the store ends; acknowledges each commit on its standard output.
WRITER = """
import os, sys
from robot_rl.replay.synthetic import synthetic_episode, synthetic_spec
from robot_rl.replay.writer import ReplayWriter
spec = synthetic_spec()
os.write(1, b"ready\\n")
writer = ReplayWriter.open(sys.argv[1], spec, {"task": "reach"}, chunk_rows=(8, 32))
seq = writer.last_seq(1) + 1
while True:
    for seq in range(seq, seq + int(sys.argv[2])):
        episode, index = divmod(seq, 10)
        writer.append(synthetic_episode(spec, 10, first_seq=10 * episode, episode=episode)[index])
    seq += 1
    os.write(1, b"%d\\n" % writer.commit())
"""


def kill_once(path: Path, chance: random.Random) -> int:
    """Run the writer, kill it at a random instant, return the number of rows it acknowledged (0 if none)."""
    command = [sys.executable, "-c", WRITER, str(path), str(chance.choice([1, 1, 3]))]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.05))
        child.kill()
        lines = child.stdout.read().split(b"\n")[:-1]
    return int(lines[-1]) if lines else 0


def test_kill_at_any_instant(tmp_path: Path, spec: StepSpec) -> None:
    """Each time: every acknowledged row is there, whole, once and in order; then the next writer goes on."""
    path, chance, committed = tmp_path / "s", random.Random(1), 0
    for _ in range(KILLS):
        acknowledged = max(kill_once(path, chance), committed)
        try:
            reader = ReplayReader(path)
        except UsageError:
            assert acknowledged == 0, "killed while the store was being created"
            continue
        committed = len(reader)
        assert committed >= acknowledged
        made = [synthetic_episode(spec, 10, first_seq=10 * k, episode=k) for k in range(committed // 10 + 1)]
        assert reader.rows(np.arange(committed)).tobytes() == np.concatenate(made)[:committed].tobytes()
        found = verify(path)
        assert (found.problems, found.missing_steps) == ((), 0)
    assert committed > 0
    ReplayWriter.open(path, spec, {"task": "reach"}).close()
