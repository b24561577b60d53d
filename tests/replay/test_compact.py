"""Compressing full image chunks in place."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import zarr

from robot_rl.core.errors import RobotRLError, UsageError
from robot_rl.core.record import StepSpec
from robot_rl.replay.compact import compact
from robot_rl.replay.frame import compress
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.synthetic import synthetic_episode, synthetic_spec
from robot_rl.replay.verify import verify
from robot_rl.replay.writer import ReplayWriter

META = {"task": "reach", "robot": "fr3_sim"}


@pytest.fixture
def spec() -> StepSpec:
    """Images of 3 KiB, so that a block of whole rows is possible."""
    return synthetic_spec(32)


def contents(store: Path) -> dict[Path, tuple[int, bytes]]:
    """Inode and content of every file."""
    return {file: (file.stat().st_ino, file.read_bytes()) for file in store.rglob("*") if file.is_file()}


def test_every_reader_sees_the_same_rows(store: Callable[..., Path], spec: StepSpec) -> None:
    """A reader that was open before, one opened after, one without a decode cache, and zarr."""
    records = synthetic_episode(spec, 45)
    path, calls = store(records), list[tuple[int, int]]()
    before = ReplayReader(path)
    done = compact(path, lambda count, total: calls.append((count, total)))
    assert (done.chunks, done.compressed, done.damaged) == (10, 10, ())
    assert done.raw_bytes == done.bytes_before == 10 * (16 + 8 * 3072)
    assert done.bytes_after == sum(f.stat().st_size for f in path.glob("image_*/c.[0-4].0.0.0"))
    assert done.ratio > 5
    assert (calls[0], calls[-1]) == ((0, 10), (10, 10))
    for reader in (before, ReplayReader(path), ReplayReader(path, cache_bytes=0)):
        assert reader.rows(np.arange(45)).tobytes() == records.tobytes()
        assert reader.damaged == []
    for camera in ("image_wrist", "image_front"):
        np.testing.assert_array_equal(zarr.open_group(str(path), mode="r")[camera][:45], records[camera])
    assert verify(path).problems == ()


def test_only_full_chunks_change(store: Callable[..., Path], spec: StepSpec) -> None:
    path = store(synthetic_episode(spec, 21))
    before = contents(path)
    compact(path)
    after = contents(path)
    changed = {str(file.relative_to(path)) for file in after if before.get(file) != after[file]}
    full = {f"image_{camera}/c.{k}.0.0.0" for camera in ("wrist", "front") for k in (0, 1)}
    assert changed == full | {"commit/compact.lock"}


def test_a_second_time_changes_nothing(store: Callable[..., Path], spec: StepSpec) -> None:
    path = store(synthetic_episode(spec, 40))
    first = compact(path)
    before = contents(path)
    again = compact(path)
    assert contents(path).keys() == before.keys()
    assert {f: c for f, c in contents(path).items() if f.suffix != ".lock"} == {
        f: c for f, c in before.items() if f.suffix != ".lock"
    }
    assert (again.compressed, again.bytes_before, again.bytes_after) == (0, first.bytes_after, first.bytes_after)
    assert again.ratio == first.ratio


def test_what_does_not_get_smaller_stays(store: Callable[..., Path], spec: StepSpec) -> None:
    records = synthetic_episode(spec, 16)
    records["image_front"] = np.random.default_rng(0).integers(0, 256, records["image_front"].shape)
    path = store(records)
    assert (done := compact(path)).compressed == 2
    assert done.chunks == 4
    assert (path / "image_front" / "c.0.0.0.0").stat().st_size == 16 + 8 * 3072
    assert ReplayReader(path).rows(np.arange(16)).tobytes() == records.tobytes()


def test_beside_a_writer_that_goes_on(tmp_path: Path, spec: StepSpec) -> None:
    """The chunk that the writer has open, full or not, included."""
    records = synthetic_episode(spec, 64)
    writer = ReplayWriter.open(tmp_path / "s", spec, META, chunk_rows=(8, 16))
    reader = ReplayReader(tmp_path / "s")
    for stop in (3, 8, 20, 24, 64):
        writer.append(records[writer.appended : stop])
        writer.commit()
        compact(tmp_path / "s")
        assert reader.refresh() == stop
        for each in (reader, ReplayReader(tmp_path / "s")):
            assert each.rows(np.arange(stop)).tobytes() == records[:stop].tobytes()
    writer.close()
    with ReplayWriter.open(tmp_path / "s", spec, META) as again:
        assert again.append(records) == 0
        again.append(synthetic_episode(spec, 5, run_id=2))
    assert verify(tmp_path / "s").problems == ()


def test_rows_that_are_not_committed_are_not_touched(tmp_path: Path, spec: StepSpec) -> None:
    with ReplayWriter.open(tmp_path / "s", spec, META, chunk_rows=(8, 16)) as writer:
        writer.append(synthetic_episode(spec, 30))
        assert compact(tmp_path / "s").chunks == 0


def test_two_at_once_are_refused(store: Callable[..., Path], spec: StepSpec) -> None:
    path = store(synthetic_episode(spec, 16))
    code = (
        "import sys\nfrom pathlib import Path\nfrom robot_rl.core.lock import take\n"
        f"lock = take(Path({str(path)!r}) / 'commit' / 'compact.lock', '')\n"
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        with pytest.raises(UsageError, match=f"compacted by process {child.pid}"):
            compact(path)
        child.kill()
    assert compact(path).compressed == 4


def test_left_over_drafts_go_and_nothing_else(store: Callable[..., Path], spec: StepSpec) -> None:
    path = store(synthetic_episode(spec, 16))
    draft, others = path / "image_wrist" / ".c.0.0.0.0.77.new", path / "image_wrist" / ".zarr.json.77.new"
    draft.write_bytes(b"half")
    others.write_bytes(b"the writer's")
    compact(path)
    assert not draft.exists()
    assert others.exists()


def test_disk_full_is_a_sentence(store: Callable[..., Path], spec: StepSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    records = synthetic_episode(spec, 16)
    path = store(records)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(RobotRLError, match="No space left on device; no row is lost"):
            compact(path)
    assert not list(path.rglob("*.new"))
    assert ReplayReader(path).rows(np.arange(16)).tobytes() == records.tobytes()
    assert compact(path).compressed == 4


def test_a_frame_that_decodes_to_something_else_is_not_kept(
    store: Callable[..., Path], spec: StepSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = synthetic_episode(spec, 16)
    path = store(records)
    monkeypatch.setattr("robot_rl.replay.compact.compress", lambda rows: compress(rows ^ np.uint8(1)))
    with pytest.raises(RobotRLError, match="does not decode to its rows"):
        compact(path)
    assert ReplayReader(path).rows(np.arange(16)).tobytes() == records.tobytes()


def test_damaged_chunks_are_named_and_left_alone(store: Callable[..., Path], spec: StepSpec) -> None:
    path = store(synthetic_episode(spec, 40))
    files = [path / "image_wrist" / f"c.{k}.0.0.0" for k in range(3)]
    os.truncate(files[0], 5000)
    files[1].unlink()
    files[2].write_bytes(b"\x00" * 16 + files[2].read_bytes()[16:])
    before = [files[0].read_bytes(), files[2].read_bytes()]
    done = compact(path)
    assert done.damaged == tuple(map(str, files))
    assert done.compressed == 7
    assert [files[0].read_bytes(), files[2].read_bytes()] == before


def test_no_store_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no replay store"):
        compact(tmp_path)
