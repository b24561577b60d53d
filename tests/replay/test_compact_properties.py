"""Appends, compactions and refreshes in any order: every reader sees the rows that were written."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from robot_rl.replay.compact import compact
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.synthetic import synthetic_episode, synthetic_spec
from robot_rl.replay.verify import verify
from robot_rl.replay.writer import ReplayWriter

SPEC = synthetic_spec(12, ("wrist",))
ROWS = synthetic_episode(SPEC, 120)

moves = st.lists(
    st.one_of(
        st.integers(1, 40),  # append and commit as many rows
        st.sampled_from(["compact", "refresh", "open", "reopen writer"]),
    ),
    min_size=3,
    max_size=14,
)


@settings(max_examples=20)
@given(moves, st.integers(3, 20), st.integers(1, 33), st.sampled_from([0, 20_000, 1 << 30]), st.data())
def test_every_reader_sees_what_was_written(
    moves: list[int | str], image_rows: int, rows: int, cache_bytes: int, data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s"
        writer = ReplayWriter.open(path, SPEC, {}, chunk_rows=(image_rows, rows))
        readers = [ReplayReader(path, cache_bytes=cache_bytes)]
        for move in moves:
            if isinstance(move, int):
                writer.append(ROWS[writer.appended : writer.appended + move])
                writer.commit()
            elif move == "compact":
                done = compact(path)
                assert (done.chunks, done.damaged) == (writer.committed // image_rows, ())
            elif move == "open":
                readers.append(ReplayReader(path, cache_bytes=cache_bytes))
            elif move == "refresh":
                assert data.draw(st.sampled_from(readers)).refresh() == writer.committed
            else:
                writer.close()
                writer = ReplayWriter.open(path, SPEC, {})
            for reader in readers:
                if len(reader):
                    drawn = np.array(data.draw(st.lists(st.integers(0, len(reader) - 1), max_size=6)), np.int64)
                    assert reader.rows(drawn).tobytes() == ROWS[drawn].tobytes()
        writer.close()
        count = readers[0].refresh()
        assert all(reader.refresh() == count for reader in readers)
        for reader in readers:
            assert reader.rows(np.arange(count)).tobytes() == ROWS[:count].tobytes()
        images = zarr.open_group(str(path), mode="r")["image_wrist"]
        assert np.asarray(images[:count]).tobytes() == ROWS["image_wrist"][:count].tobytes()
        assert verify(path).problems == ()
