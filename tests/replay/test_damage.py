"""Damaged stores: whatever is wrong is named, only what is damaged is refused."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from robot_rl.core.errors import RobotRLError
from robot_rl.core.record import StepSpec
from robot_rl.replay.batch import Batch
from robot_rl.replay.compact import compact
from robot_rl.replay.damage import changed_byte, exclusion_path, read_excluded, spans_of, write_excluded
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.sampler import UniformSampler
from robot_rl.replay.synthetic import synthetic_episode, synthetic_spec
from robot_rl.replay.verify import verify
from robot_rl.replay.writer import ReplayWriter

META = {"task": "reach", "robot": "fr3_sim"}


@pytest.fixture
def spec() -> StepSpec:
    return synthetic_spec(32)


@pytest.fixture
def records(spec: StepSpec) -> np.ndarray:
    """Four episodes of ten rows."""
    return np.concatenate([synthetic_episode(spec, 10, first_seq=10 * k, episode=k) for k in range(4)])


def flip(path: Path, offset: int) -> None:
    """Invert one byte of a file."""
    data = bytearray(path.read_bytes())
    data[offset] ^= 0xFF
    path.write_bytes(data)


def cut(path: Path) -> None:
    os.truncate(path, 16 + 5 * 3072 + 100)


def test_a_missing_image_chunk_costs_its_rows_only(store: Callable[..., Path], records: np.ndarray) -> None:
    path = store(records)
    chunk = path / "image_front" / "c.2.0.0.0"
    chunk.unlink()
    reader = ReplayReader(path)
    assert reader.damaged == [f"chunk '{chunk}' is missing: rows 16-23"]
    assert "8 of its 40 steps are left out: chunk" in reader.warning
    whole = np.r_[0:16, 24:40]
    assert reader.rows(whole).tobytes() == records[whole].tobytes()
    np.testing.assert_array_equal(reader.take("image_wrist", np.arange(40)), records["image_wrist"])
    for rows in ([16], [3, 23], [20, 39]):
        with pytest.raises(RobotRLError, match=r"row \d+ of .* cannot be read, chunk '.*c\.2\.0\.0\.0' is missing"):
            reader.rows(rows)
        with pytest.raises(RobotRLError, match="is missing"):
            reader.take("image_front", np.array(rows))


@pytest.mark.parametrize("n_step", [1, 3, 20])
def test_no_transition_touches_damaged_rows(store: Callable[..., Path], records: np.ndarray, n_step: int) -> None:
    """Not with its last observation, nor over it with its return."""
    path = store(records)
    cut(path / "image_front" / "c.2.0.0.0")
    reader = ReplayReader(path)
    assert [damage.split("' ")[1] for damage in reader.damaged] == ["has 15476 bytes, not 24592: rows 21-23"]
    assert reader.index.damaged.tolist() == [21, 22, 23]
    left = [k for k in range(40) if k % 10 != 9 and k not in (20, 21, 22, 23)]
    assert reader.index.transitions.tolist() == left
    batch = Batch.allocate(reader.spec, len(left))
    UniformSampler(reader, n_step).gather(np.array(left), batch)
    end = [min(k + n_step, k // 10 * 10 + 9) for k in left]
    np.testing.assert_array_equal(batch["next_images"][:, 1], records["image_front"][end])
    pieces = [(e.start, e.stop, e.complete) for e in reader.episodes()]
    assert pieces == [(0, 10, True), (10, 20, True), (20, 21, False), (24, 30, True), (30, 40, True)]


@pytest.mark.parametrize("field", ["seq", "reward", "is_last", "episode", "source", "success"])
def test_a_missing_chunk_of_a_small_array(store: Callable[..., Path], records: np.ndarray, field: str) -> None:
    """Its rows are left out of episodes as well, the others give their figures."""
    path = store(records)
    (path / field / "c.1").unlink()
    reader = ReplayReader(path)
    assert reader.index.damaged.tolist() == list(range(16, 32))
    spans = [(e.start, e.stop, e.number, e.reward_sum) for e in reader.episodes()]
    sums = [sum(k + 0.5 for k in rows) for rows in (range(9), range(10, 15), range(32, 39))]
    assert spans == [(0, 10, 0, sums[0]), (10, 16, 1, sums[1]), (32, 40, 3, sums[2])]


def test_lost_checksums_cost_no_sample(store: Callable[..., Path], records: np.ndarray) -> None:
    """The rows may be whole: they are drawn, but not handed out as checked."""
    path = store(records)
    (path / "checksum" / "c.0").unlink()
    reader = ReplayReader(path)
    assert len(reader.index.transitions) == 36
    assert reader.rows([16]).tobytes() == records[16:17].tobytes()
    with pytest.raises(RobotRLError, match=r"checksum/c\.0' is missing"):
        reader.rows([15])


def test_a_flipped_header_costs_no_row(store: Callable[..., Path], records: np.ndarray) -> None:
    """Our reader needs none; zarr does, so verify tells."""
    path = store(records)
    flip(path / "image_wrist" / "c.0.0.0.0", 5)
    reader = ReplayReader(path)
    assert reader.rows(np.arange(40)).tobytes() == records.tobytes()
    problems = verify(path).problems
    assert "c.0.0.0.0' does not start with its header" in problems[0]
    assert "zarr cannot read the array" in problems[1]


@pytest.mark.parametrize("cache_bytes", [0, 1 << 30])
def test_a_compressed_chunk_that_is_cut_off(store: Callable[..., Path], records: np.ndarray, cache_bytes: int) -> None:
    """All of its rows lie in one block here, so all are lost, and those alone."""
    path = store(records)
    compact(path)
    chunk = path / "image_front" / "c.2.0.0.0"
    os.truncate(chunk, chunk.stat().st_size - 1)
    reader = ReplayReader(path, cache_bytes=cache_bytes)
    assert reader.index.damaged.tolist() == list(range(16, 24))
    whole = np.r_[0:16, 24:40]
    assert reader.rows(whole).tobytes() == records[whole].tobytes()
    with pytest.raises(RobotRLError, match=r"c\.2\.0\.0\.0' has \d+ bytes, not \d+"):
        reader.rows([18])


@pytest.mark.parametrize("cache_bytes", [0, 1 << 30])
def test_an_undecodable_block_is_refused_when_it_is_asked_for(tmp_path: Path, cache_bytes: int) -> None:
    """Blocks of four rows: the others of the chunk are read."""
    spec = synthetic_spec(64, ("wrist",))
    records = synthetic_episode(spec, 16)
    with ReplayWriter.open(tmp_path / "s", spec, META, chunk_rows=(16, 16)) as writer:
        writer.append(records)
    compact(tmp_path / "s")
    chunk = tmp_path / "s" / "image_wrist" / "c.0.0.0.0"
    second = int.from_bytes(chunk.read_bytes()[20:24], "little")
    flip(chunk, second + 5)
    reader = ReplayReader(tmp_path / "s", cache_bytes=cache_bytes)
    for _ in range(2):
        with pytest.raises(RobotRLError, match=r"row [67] of .*c\.0\.0\.0\.0' cannot be decoded"):
            reader.rows([0, 6, 7])
    whole = np.r_[0:4, 8:16]
    assert reader.rows(whole).tobytes() == records[whole].tobytes()
    found = verify(tmp_path / "s")
    assert found.problems[0] == f"chunk '{chunk}' cannot be decoded: rows 4-7"
    assert found.torn == ((4, 7),)


@pytest.mark.parametrize(
    ("file", "offset"), [("image_front/c.1.0.0.0", 16 + 2 * 3072 + 7), ("seq/c.0", 83), ("checksum/c.0", 43)]
)
def test_a_flipped_byte_is_located(store: Callable[..., Path], records: np.ndarray, file: str, offset: int) -> None:
    path = store(records)
    flip(path / file, offset)
    assert verify(path).problems == (
        f"rows 10-10 do not match their checksum: one byte of it was changed in '{path / file}'",
    )
    reader = ReplayReader(path)
    assert reader.damaged == [], "not known before it is looked for"
    with pytest.raises(RobotRLError, match="row 10 of .* does not match its checksum: leave them out with .*--exclude"):
        reader.rows([3, 10])
    assert reader.rows([9, 11]).tobytes() == records[[9, 11]].tobytes()


def test_excluded_rows_are_left_out_by_later_readers(store: Callable[..., Path], records: np.ndarray) -> None:
    path = store(records)
    for row in (4, 11, 12, 39):
        flip(path / "proprio" / f"c.{row // 16}.0", row % 16 * 12 + 3)
    found = verify(path)
    assert found.torn == ((4, 4), (11, 12), (39, 39))
    assert len(ReplayReader(path).index.transitions) == 36
    write_excluded(path, found.torn)
    reader = ReplayReader(path)
    assert reader.index.damaged.tolist() == [4, 11, 12, 39]
    left = [range(3), range(5, 9), range(13, 19), range(20, 29), range(30, 38)]
    assert reader.index.transitions.tolist() == [row for rows in left for row in rows]
    assert "rows 11-12" in reader.damaged[1]
    assert "4 of its 40 steps are left out" in reader.warning
    assert set(verify(path).problems) > set(found.problems)


def test_excluded_rows_in_a_store_that_grows(tmp_path: Path, spec: StepSpec, records: np.ndarray) -> None:
    """Wherever the refreshes fall."""
    with ReplayWriter.open(tmp_path / "s", spec, META, chunk_rows=(8, 16)) as writer:
        write_excluded(tmp_path / "s", [(3, 5), (8, 8), (30, 99)])
        reader = ReplayReader(tmp_path / "s")
        for stop in (4, 5, 8, 9, 40):
            writer.append(records[writer.appended : stop])
            writer.commit()
            reader.refresh()
    assert reader.index.damaged.tolist() == [3, 4, 5, 8, *range(30, 40)]
    assert reader.index.transitions.tolist() == [0, 1, 6, *range(10, 19), *range(20, 29)]


def test_restored_rows_count_again(store: Callable[..., Path], records: np.ndarray) -> None:
    path = store(records)
    flip(path / "reward" / "c.0", 5)
    write_excluded(path, verify(path).torn)
    flip(path / "reward" / "c.0", 5)
    write_excluded(path, verify(path).torn)
    assert not exclusion_path(path).exists()
    assert verify(path).problems == ()
    assert len(ReplayReader(path).index.transitions) == 36


@pytest.mark.parametrize("text", ["", "{}", '{"rows": [[1]]}', '{"rows": 3}', "\xff", '{"rows": [["a", 2]]}'])
def test_a_damaged_list_of_exclusions_is_told(store: Callable[..., Path], records: np.ndarray, text: str) -> None:
    path = store(records)
    exclusion_path(path).write_text(text, encoding="latin-1")
    reader = ReplayReader(path)
    assert "damaged.json' cannot be read: write it anew" in reader.warning
    assert len(reader.index.transitions) == 36
    write_excluded(path, verify(path).torn)
    assert ReplayReader(path).warning == ""


def test_spans() -> None:
    assert spans_of(np.array([], np.int64)) == []
    assert spans_of(np.array([3, 4, 5, 9, 11, 12])) == [(3, 5), (9, 9), (11, 12)]


def test_excluded_rows_come_back_from_the_file(store: Callable[..., Path]) -> None:
    path = store()
    assert read_excluded(path).tolist() == []
    write_excluded(path, [(2, 4), (9, 9)])
    assert read_excluded(path).tolist() == [2, 3, 4, 9]
    assert json.loads(exclusion_path(path).read_text()) == {"rows": [[2, 4], [9, 9]]}


def test_changed_byte_is_found_by_the_checksum() -> None:
    random = np.random.default_rng(0)
    record = random.integers(0, 256, 3000, dtype=np.uint8)
    check = zlib.crc32(record.tobytes())
    for offset in (0, 1, 1234, 2998, 2999):
        changed = record.copy()
        changed[offset] ^= random.integers(1, 256)
        assert changed_byte(changed.tobytes(), check) == offset
    for shift in (0, 8, 16, 24):
        assert changed_byte(record.tobytes(), check ^ (0x41 << shift)) == -1
    changed[:7] ^= 0x55
    assert changed_byte(changed.tobytes(), check) is None
