"""Stores made for measuring are stores as the writer makes them, and figures about them are about all of them."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from robot_rl.bench.replay_append import append_times
from robot_rl.bench.replay_memory import memory_figures
from robot_rl.bench.replay_stores import EPISODE, META, steps, write_in_bulk, write_steps
from robot_rl.core.errors import RobotRLError
from robot_rl.core.record import StepSpec
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.synthetic import synthetic_spec
from robot_rl.replay.verify import verify
from robot_rl.replay.writer import ReplayWriter


def silent(done: int, total: int) -> None:
    """Progress that nobody watches."""


@pytest.fixture
def spec() -> StepSpec:
    """Image chunks of 85 rows, so that a few hundred rows lie in several."""
    return synthetic_spec(128, cameras=("wrist",))


def content(store: Path) -> dict[str, bytes]:
    """Every file of a store but its lock."""
    files = [file for file in store.rglob("*") if file.is_file() and file.name != "lock"]
    return {str(file.relative_to(store)): file.read_bytes() for file in files}


@pytest.mark.parametrize("rows", [1, 128, 300])
def test_bulk_writes_the_same_files(tmp_path: Path, spec: StepSpec, rows: int) -> None:
    with ReplayWriter.open(tmp_path / "appended", spec, META) as writer:
        writer.append(steps(spec, np.arange(rows)))
    write_in_bulk(tmp_path / "bulk", spec, rows, silent)
    bulk, appended = content(tmp_path / "bulk"), content(tmp_path / "appended")
    assert bulk.keys() == appended.keys()
    assert [name for name in bulk if bulk[name] != appended[name]] == []


def test_bulk_beyond_one_block(tmp_path: Path) -> None:
    """Nothing is damaged where blocks meet, and the writer goes on behind."""
    path, spec, rows = tmp_path / "bulk", synthetic_spec(4), 2 * 16384 + 7
    write_in_bulk(path, spec, rows, silent)
    assert verify(path).problems == ()
    assert ReplayReader(path).rows([16383, 16384, rows - 1])["seq"].tolist() == [16383, 16384, rows - 1]
    with ReplayWriter.open(path, spec, META) as writer:
        assert writer.append(steps(spec, np.array([rows - 1, rows]))) == 1
    assert len(ReplayReader(path)) == rows + 1


def test_steps_are_episodes_of_distinct_frames(tmp_path: Path) -> None:
    path, spec = tmp_path / "frames", synthetic_spec(4)
    write_steps(path, spec, 4, silent)
    assert verify(path).problems == ()
    reader = ReplayReader(path)
    assert [(e.length, e.complete, e.terminal) for e in reader.episodes()] == [
        (EPISODE - 1, True, terminal) for terminal in (False, True, False, True)
    ]
    every = np.arange(len(reader))
    frames = np.concatenate([reader.take(f"image_{camera}", every) for camera in spec.observation.cameras])
    assert len(np.unique(frames.reshape(len(frames), -1), axis=0)) == 2 * len(reader)


@pytest.mark.parametrize("fsync", ["none", "commit"])
def test_append_is_paced_and_committed(tmp_path: Path, spec: StepSpec, fsync: str, monkeypatch) -> None:
    """A step is due each period, whatever the step before it took; every one counts when its time is taken."""
    committed, real = [], ReplayWriter.commit
    monkeypatch.setattr(ReplayWriter, "commit", lambda self: committed.append(real(self)) or committed[-1])
    start = time.perf_counter()
    seconds = append_times(tmp_path / "s", spec, 20, 100.0, fsync, silent)
    assert 0.19 <= time.perf_counter() - start
    assert committed[:20] == list(range(1, 21))
    assert len(seconds) == 20 and (seconds > 0).all()
    assert len(ReplayReader(tmp_path / "s")) == 20


def test_memory_is_measured_under_a_limit_that_holds(tmp_path: Path) -> None:
    path, spec = tmp_path / "frames", synthetic_spec(64)
    write_steps(path, spec, 4, silent)
    found = memory_figures(path, 64, 40, 200, silent)
    assert found["limit_mb"] == 200
    assert 0 < found["peak_anon_mb"] < 200
    assert found["peak_rss_mb"] >= found["peak_anon_mb"]
    assert found["sampled_share"] > 0.9
    with pytest.raises(RobotRLError, match="in 60 MB of memory failed .*raise the limit"):
        memory_figures(path, 2048, 1, 60, silent)
