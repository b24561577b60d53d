"""One fault anywhere in a store: it is named or does no harm, and no wrong row is ever handed out."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot_rl.core.errors import RobotRLError
from robot_rl.core.record import StepSpec
from robot_rl.replay.compact import compact
from robot_rl.replay.damage import write_excluded
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.schema import Layout
from robot_rl.replay.synthetic import synthetic_episode, synthetic_spec
from robot_rl.replay.verify import verify
from robot_rl.replay.writer import ReplayWriter

SPEC: StepSpec = synthetic_spec(16)
ROWS = np.concatenate([synthetic_episode(SPEC, 9, first_seq=9 * k, episode=k) for k in range(5)])
HEADS = {"zarr.json", "commit/c.0.0"}
"""Without these there is no telling what is a row: the reader may refuse all."""


@pytest.fixture(scope="module")
def template() -> Iterator[Path]:
    """A store with compressed, full and half-filled chunks."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s"
        with ReplayWriter.open(path, SPEC, {"task": "reach"}, chunk_rows=(8, 16)) as writer:
            writer.append(ROWS[:20])
            writer.commit()
            compact(path)
            writer.append(ROWS[20:])
        yield path


def damage(file: Path, kind: str, place: float, value: int) -> None:
    """Delete the file, cut it off, or change one of its bytes, at a place between 0 and 1."""
    data = bytearray(file.read_bytes())
    at = min(int(place * len(data)), len(data) - 1)
    if kind == "delete":
        file.unlink()
    elif kind == "cut":
        file.write_bytes(data[:at])
    else:
        data[at] ^= value
        file.write_bytes(data)


def rows_of(path: Path, file: str) -> set[int]:
    """Rows of which the file can hold a part."""
    name, _, chunk = file.partition("/c.")
    column = {column.name: column for column in Layout.read(path).columns}.get(name)
    if column is None or not chunk:
        return set()
    first = int(chunk.split(".")[0]) * column.rows
    return set(range(first, min(first + column.rows, len(ROWS))))


def refused(reader: ReplayReader) -> set[int]:
    """Rows that are not handed out; all others must be what was written."""
    bad = set()
    for row in range(len(reader)):
        try:
            assert reader.rows([row]).tobytes() == ROWS[row : row + 1].tobytes()
        except RobotRLError:
            bad.add(row)
    return bad


def meaning(file: Path) -> object:
    """What a file of metadata says, None if nothing: it has no checksum."""
    try:
        return json.loads(file.read_text())
    except (OSError, ValueError):
        return None


@settings(max_examples=120)
@given(
    st.integers(0, 10**6),
    st.sampled_from(["flip", "flip", "cut", "delete"]),
    st.floats(0, 1),
    st.integers(1, 255),
    st.sampled_from([0, 1 << 30]),
)
def test_one_fault_anywhere(template: Path, number: int, kind: str, place: float, value: int, cache_bytes: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s"
        shutil.copytree(template, path)
        files = sorted(str(f.relative_to(path)) for f in path.rglob("*") if f.is_file() and "lock" not in f.name)
        file = files[number % len(files)]
        head = meaning(path / "zarr.json")
        damage(path / file, kind, place, value)
        try:
            reader = ReplayReader(path, cache_bytes=cache_bytes)
        except RobotRLError:
            assert file in HEADS
            return
        if file == "zarr.json" and meaning(path / "zarr.json") != head:
            return  # another store, as far as anyone can tell
        bad, found = refused(reader), verify(path)
        assert len(reader) == len(ROWS) or (file == "commit/c.0.0" and len(reader) == 20)
        assert bad <= rows_of(path, file)
        if bad or file == "commit/c.0.0" or (file.endswith("zarr.json") and meaning(path / file) is None):
            assert any(str(path / file) in problem or "checksum" in problem for problem in found.problems)
        write_excluded(path, found.torn)
        left = ReplayReader(path, cache_bytes=cache_bytes).index
        unchecked = set() if not file.startswith("checksum/") or kind == "flip" else bad
        assert set(left.damaged.tolist()) == bad - unchecked
        touched = set(left.transitions.tolist()) | {row + 1 for row in left.transitions.tolist()}
        assert not touched & (bad - unchecked)
