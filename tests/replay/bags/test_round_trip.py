"""A store exported to a bag and imported again is the same store."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot_rl.core.record import StepSpec
from robot_rl.core.spec import ActionSpec, ObservationSpec
from robot_rl.replay.bags.export import TimeLine, export_bag
from robot_rl.replay.bags.steps import import_bag
from robot_rl.replay.bags.writing import Storage
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.synthetic import synthetic_episode
from robot_rl.replay.verify import verify
from robot_rl.replay.writer import ReplayWriter

names = st.lists(st.text("abcxyz_0", min_size=1, max_size=6), unique=True, min_size=1, max_size=3).map(tuple)
specs = st.builds(
    StepSpec,
    st.builds(ObservationSpec, names, st.integers(1, 5), st.integers(1, 5), names),
    st.builds(ActionSpec, names),
)
SECONDS = 2**31 - 1


def rows_of(store: Path) -> bytes:
    """All rows of a store, packed."""
    reader = ReplayReader(store)
    return reader.rows(np.arange(len(reader))).tobytes()


@pytest.mark.parametrize(("out", "storage"), [("bag", "mcap"), ("bag", "sqlite3"), ("b.mcap", None), ("b.db3", None)])
@pytest.mark.parametrize("topics", [False, True])
def test_every_kind_of_bag(
    store: Callable[..., Path], spec: StepSpec, tmp_path: Path, out: str, storage: Storage | None, topics: bool
) -> None:
    path = store(
        synthetic_episode(spec, 30, terminal=True),
        synthetic_episode(spec, 25, first_seq=30, episode=1),
        synthetic_episode(spec, 9, run_id=7, cut=True),  # another run, whose clock starts again
    )
    assert export_bag(path, tmp_path / out, storage=storage, topics=topics) == 64
    assert (tmp_path / out).is_file() == ("." in out)
    done = import_bag(tmp_path / out, tmp_path / "again.zarr")
    assert (done.rows, done.episodes, done.duplicates, done.missing, done.late) == (64, 3, 0, 0, 0)
    before, after = ReplayReader(path), ReplayReader(tmp_path / "again.zarr")
    assert (after.spec, after.meta) == (before.spec, before.meta)
    assert rows_of(tmp_path / "again.zarr") == rows_of(path)
    assert verify(tmp_path / "again.zarr").problems == ()


@settings(max_examples=12)
@given(
    spec=specs,
    seed=st.integers(0, 2**32 - 1),
    runs=st.lists(st.integers(0, 2**32 - 1), max_size=12).map(sorted),
    stamps=st.lists(st.integers(-SECONDS * 10**9, SECONDS * 10**9), min_size=12, max_size=12),
    meta=st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
    storage=st.sampled_from(["mcap", "sqlite3"]),
)
def test_any_store(
    spec: StepSpec, seed: int, runs: list[int], stamps: list[int], meta: dict[str, str], storage: Storage
) -> None:
    """Whatever bits the rows hold (NaN, flags that no step can have), and however their clocks jump."""
    noise = np.random.default_rng(seed).integers(0, 256, (len(runs), spec.dtype.itemsize), np.uint8)
    records = noise.copy().view(spec.dtype).reshape(-1)
    records["run_id"], records["seq"], records["stamp_ns"] = runs, np.arange(len(runs)), stamps[: len(runs)]
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        with ReplayWriter.open(here / "a", spec, meta) as writer:
            assert writer.append(records) == len(runs)
        export_bag(here / "a", here / "bag", storage=storage, topics=True)
        assert import_bag(here / "bag", here / "b").rows == len(runs)
        assert rows_of(here / "b") == records.tobytes()
        assert (ReplayReader(here / "b").spec, ReplayReader(here / "b").meta) == (spec, meta)


def test_an_import_cut_off_goes_on_where_it_stopped(store: Callable[..., Path], spec: StepSpec, tmp_path: Path) -> None:
    path = store(synthetic_episode(spec, 40))
    export_bag(path, tmp_path / "bag")

    def stop(done: int, total: int) -> None:
        assert total == 40
        if done == 13:
            assert len(ReplayReader(tmp_path / "again")) == 13  # they count already, should the process be killed
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_bag(tmp_path / "bag", tmp_path / "again", progress=stop)
    assert len(ReplayReader(tmp_path / "again")) == 13
    assert verify(tmp_path / "again").problems == ()
    done = import_bag(tmp_path / "bag", tmp_path / "again")
    assert (done.rows, done.duplicates) == (27, 13)
    assert rows_of(tmp_path / "again") == rows_of(path)


@given(st.lists(st.integers(-(2**62), 2**62), min_size=1))
def test_times_of_a_bag_grow_and_keep_intervals_where_the_clock_does(stamps: list[int]) -> None:
    line = TimeLine()
    times = [line.place(stamp) for stamp in stamps]
    assert times[0] >= 0 and all(a < b for a, b in zip(times, times[1:], strict=False))
    for k in range(1, len(stamps)):
        if stamps[k] > stamps[k - 1]:
            assert times[k] - times[k - 1] == stamps[k] - stamps[k - 1]
