"""Reading episodes, a growing store, damaged stores."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from robot_rl.core.errors import UsageError
from robot_rl.core.record import Source, StepSpec
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.synthetic import synthetic_episode
from robot_rl.replay.writer import ReplayWriter


def test_episodes_say_how_they_went(store: Callable[..., Path], spec: StepSpec) -> None:
    won = synthetic_episode(spec, 4, terminal=True, source=Source.SCRIPTED)
    lost = synthetic_episode(spec, 3, first_seq=4, episode=1)
    lost["source"][1] = Source.INTERVENTION
    cut = synthetic_episode(spec, 2, first_seq=7, episode=2, cut=True)
    episodes = ReplayReader(store(won, lost, cut)).episodes()
    assert [(e.start, e.stop, e.length, e.number) for e in episodes] == [(0, 4, 3, 0), (4, 7, 2, 1), (7, 9, 1, 2)]
    assert [(e.success, e.terminal, e.complete) for e in episodes] == [
        (True, True, True),
        (False, False, True),
        (False, False, False),
    ]
    assert [e.source for e in episodes] == [Source.SCRIPTED, Source.INTERVENTION, Source.POLICY]
    assert [e.interventions for e in episodes] == [0, 1, 0]
    assert [e.reward_sum for e in episodes] == [0.5 + 1.5 + 2.5, 4.5 + 5.5, 7.5]


def test_interventions_of_an_episode_that_still_runs_count_to_its_newest_row(
    store: Callable[..., Path], spec: StepSpec
) -> None:
    running = synthetic_episode(spec, 4, cut=True)
    running["source"][2:] = Source.INTERVENTION
    assert [e.interventions for e in ReplayReader(store(running)).episodes()] == [2]


def test_empty_store_has_no_episodes(store: Callable[..., Path]) -> None:
    reader = ReplayReader(store())
    assert (len(reader), reader.episodes(), reader.refresh()) == (0, [], 0)
    assert len(reader.rows([])) == 0


def test_uncommitted_rows_are_refused(store: Callable[..., Path], spec: StepSpec) -> None:
    reader = ReplayReader(store(synthetic_episode(spec, 3)))
    for rows in ([3], [-1]):
        with pytest.raises(UsageError, match="not among the 3 rows"):
            reader.rows(rows)


def test_sees_what_another_process_commits(tmp_path: Path, spec: StepSpec) -> None:
    """Also inside a chunk that was mapped before, and when the map has to grow."""
    ReplayWriter.open(tmp_path / "s", spec, {}, chunk_rows=(4, 8)).close()
    reader = ReplayReader(tmp_path / "s")
    for count in (3, 60, 700):
        code = (
            "from robot_rl.replay.synthetic import *\nfrom robot_rl.replay.writer import ReplayWriter\n"
            f"with ReplayWriter.open({str(tmp_path / 's')!r}, synthetic_spec(), {{}}) as writer:\n"
            f"    writer.append(synthetic_episode(writer.spec, {count}))"
        )
        subprocess.run([sys.executable, "-c", code], check=True)
        assert reader.refresh() == count
        assert reader.rows(np.arange(count))["seq"].tolist() == list(range(count))


def test_arrays_outlive_the_reader(store: Callable[..., Path], spec: StepSpec) -> None:
    """Maps that a larger one replaced stay for whoever still holds rows of them."""
    records = synthetic_episode(spec, 200)
    reader = ReplayReader(store(records[:8]))
    column = reader._columns["reward"]
    view = column._rows[:8]
    store(records[8:])
    reader.refresh()
    del reader, column
    np.testing.assert_array_equal(view, records["reward"][:8])


def test_no_store_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no replay store"):
        ReplayReader(tmp_path / "none")
    (tmp_path / "zarr.json").write_text("{}")
    with pytest.raises(UsageError, match="not a replay store"):
        ReplayReader(tmp_path)


@pytest.mark.parametrize(("old", "new"), [("{", ""), ("\n    8,", "\n    0,"), ("\n    8,", '\n    "8",')])
def test_damaged_metadata_is_a_sentence(store: Callable[..., Path], old: str, new: str) -> None:
    file = store() / "zarr.json"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new, 1))
    with pytest.raises(UsageError, match=r"zarr\.json' is damaged: restore it"):
        ReplayReader(file.parent)
