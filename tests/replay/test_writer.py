"""Appending, committing, continuing, refusing."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from robot_rl.core.errors import RobotRLError, SchemaError, UsageError
from robot_rl.core.record import StepSpec
from robot_rl.replay.damage import write_excluded
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.synthetic import synthetic_episode, synthetic_spec
from robot_rl.replay.verify import verify
from robot_rl.replay.writer import ReplayWriter

META = {"task": "reach", "robot": "fr3_sim"}


def test_rows_count_only_after_commit(tmp_path: Path, spec: StepSpec) -> None:
    writer = ReplayWriter.open(tmp_path / "s", spec, META)
    reader = ReplayReader(tmp_path / "s")
    writer.append(synthetic_episode(spec, 5))
    assert (writer.appended, writer.committed, reader.refresh()) == (5, 0, 0)
    assert writer.commit() == 5
    assert (writer.committed, reader.refresh()) == (5, 5)
    writer.close()


def test_continues_behind_the_last_committed_row(tmp_path: Path, spec: StepSpec) -> None:
    """What was appended but not committed by a writer that vanished is written over."""
    first, second = synthetic_episode(spec, 9), synthetic_episode(spec, 12, run_id=2)
    writer = ReplayWriter.open(tmp_path / "s", spec, META, chunk_rows=(4, 8))
    writer.append(first[:6])
    writer.commit()
    writer.append(first[6:])
    writer._lock.release()  # as if the process had died here
    with ReplayWriter.open(tmp_path / "s", spec, META) as again:
        assert (again.committed, again.last_seq(1), again.last_seq(2)) == (6, 5, -1)
        again.append(second)
    reader = ReplayReader(tmp_path / "s")
    assert reader.rows(np.arange(18)).tobytes() == np.concatenate([first[:6], second]).tobytes()


def test_a_step_is_stored_exactly_once(tmp_path: Path, spec: StepSpec) -> None:
    """Steps sent again, before or after a commit or a restart, are dropped."""
    records = synthetic_episode(spec, 6)
    with ReplayWriter.open(tmp_path / "s", spec, META) as writer:
        assert writer.append(records[:3]) == 3
        assert writer.append(records[1:4]) == 1
        assert writer.last_seq(1) == -1, "nothing is committed yet"
        writer.commit()
        assert writer.last_seq(1) == 3
    with ReplayWriter.open(tmp_path / "s", spec, META) as writer:
        assert [writer.append(record) for record in records] == [0, 0, 0, 0, 1, 1]
    assert ReplayReader(tmp_path / "s").take("seq", np.arange(6)).tolist() == [0, 1, 2, 3, 4, 5]


def test_last_seq_of_interleaved_writers(tmp_path: Path, spec: StepSpec) -> None:
    with ReplayWriter.open(tmp_path / "s", spec, META) as writer:
        for run_id, rows in ((7, 3), (9, 5)):
            writer.append(synthetic_episode(spec, rows, run_id=run_id))
        writer.append(synthetic_episode(spec, 2, run_id=7, first_seq=3, episode=1))
    with ReplayWriter.open(tmp_path / "s", spec, META) as writer:
        assert [writer.last_seq(run_id) for run_id in (7, 9, 8)] == [4, 4, -1]


def test_second_writer_is_refused_and_names_the_first(tmp_path: Path, spec: StepSpec) -> None:
    code = (
        "import sys\nfrom robot_rl.replay.synthetic import *\nfrom robot_rl.replay.writer import ReplayWriter\n"
        f"w = ReplayWriter.open({str(tmp_path / 's')!r}, synthetic_spec(), {META!r})\n"
        "print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        with pytest.raises(UsageError, match=f"process {child.pid}"):
            ReplayWriter.open(tmp_path / "s", spec, META)
        child.kill()
        child.wait()
    ReplayWriter.open(tmp_path / "s", spec, META).close()


def test_another_spec_or_task_is_refused(tmp_path: Path, spec: StepSpec) -> None:
    ReplayWriter.open(tmp_path / "s", spec, META).close()
    with pytest.raises(SchemaError, match=r"task 'reach'.*'lift'"):
        ReplayWriter.open(tmp_path / "s", spec, {**META, "task": "lift"})
    with pytest.raises(SchemaError, match="image size"):
        ReplayWriter.open(tmp_path / "s", synthetic_spec(8), META)
    with pytest.raises(SchemaError, match="proprio"):
        ReplayWriter.open(tmp_path / "s", synthetic_spec(proprio=4), META)
    ReplayWriter.open(tmp_path / "s", spec, META).close()


def test_another_format_is_refused(tmp_path: Path, spec: StepSpec) -> None:
    ReplayWriter.open(tmp_path / "s", spec, META).close()
    metadata = tmp_path / "s" / "zarr.json"
    metadata.write_text(metadata.read_text().replace("robot_rl/replay/1", "robot_rl/replay/9"))
    for action in (lambda: ReplayReader(tmp_path / "s"), lambda: ReplayWriter.open(tmp_path / "s", spec, META)):
        with pytest.raises(SchemaError, match=r"replay/9.*replay/1"):
            action()


def test_other_things_in_the_way_are_left_alone(tmp_path: Path, spec: StepSpec) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "x").write_text("x")
    for name in ("file", "folder"):
        with pytest.raises(UsageError, match="no replay store"):
            ReplayWriter.open(tmp_path / name, spec, META)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["file", "folder", "x"]


def test_record_of_another_layout_is_refused(tmp_path: Path, spec: StepSpec) -> None:
    with ReplayWriter.open(tmp_path / "s", spec, META) as writer:
        with pytest.raises(SchemaError):
            writer.append(synthetic_spec(8).empty())
        assert writer.appended == 0


@pytest.mark.parametrize("call", ["posix_fallocate", "pwrite"])
def test_disk_full_is_a_sentence_and_writing_resumes(
    tmp_path: Path, spec: StepSpec, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    records = synthetic_episode(spec, 40)
    writer = ReplayWriter.open(tmp_path / "s", spec, META, chunk_rows=(8, 16))
    writer.append(records[:16])
    writer.commit()

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        with pytest.raises(RobotRLError, match="No space left on device; its 16 committed steps are intact"):
            writer.append(records[16:])
    assert verify(tmp_path / "s").problems == ()
    assert writer.append(records[16:]) == 24
    writer.close()
    assert ReplayReader(tmp_path / "s").rows(np.arange(40)).tobytes() == records.tobytes()


def test_a_commit_flushed_to_disk_reads_the_same(tmp_path: Path, spec: StepSpec) -> None:
    records = synthetic_episode(spec, 20)
    with ReplayWriter.open(tmp_path / "s", spec, META, fsync="commit", chunk_rows=(4, 8)) as writer:
        for record in records:
            writer.append(record)
            writer.commit()
    assert ReplayReader(tmp_path / "s").rows(np.arange(20)).tobytes() == records.tobytes()


def test_cut_off_chunk_is_not_continued(store: Callable[..., Path], spec: StepSpec) -> None:
    """A writer must not hide damage to committed rows by filling the chunk up."""
    path = store(synthetic_episode(spec, 12))
    os.truncate(path / "image_wrist" / "c.1.0.0.0", 20)
    with pytest.raises(RobotRLError, match="cut off"):
        ReplayWriter.open(path, spec, META)


def test_missing_chunk_is_not_continued(store: Callable[..., Path], spec: StepSpec) -> None:
    """Nor made anew, which would look like a chunk of zeros."""
    path = store(synthetic_episode(spec, 12))
    (path / "image_wrist" / "c.1.0.0.0").unlink()
    with pytest.raises(RobotRLError, match="missing.* 4 committed"):
        ReplayWriter.open(path, spec, META)
    assert not (path / "image_wrist" / "c.1.0.0.0").exists()


def test_compressed_chunk_is_not_continued(store: Callable[..., Path], spec: StepSpec) -> None:
    """Not even where the commit record was set back, so that a full chunk seems half full."""
    path = store(synthetic_episode(spec, 12))
    chunk = path / "image_wrist" / "c.1.0.0.0"
    chunk.write_bytes(b"\x02\x01\x00\x01" + bytes(300))
    with pytest.raises(RobotRLError, match="4 committed"):
        ReplayWriter.open(path, spec, META)


def test_damage_elsewhere_does_not_keep_from_writing(store: Callable[..., Path], spec: StepSpec) -> None:
    """Old chunks, the space behind the last row, a chunk's header, arrays' metadata: which is mended."""
    records = synthetic_episode(spec, 40)
    path = store(records[:36])
    (path / "image_front" / "c.0.0.0.0").unlink()
    (path / "seq" / "c.0").unlink()
    os.truncate(path / "image_wrist" / "c.4.0.0.0", 16 + 4 * 48)
    chunk = path / "image_front" / "c.4.0.0.0"
    chunk.write_bytes(b"\x00" * 16 + chunk.read_bytes()[16:])
    (path / "reward" / "zarr.json").write_text("{")
    (path / "action" / "zarr.json").unlink()
    with ReplayWriter.open(path, spec, META) as writer:
        assert writer.last_seq(1) == 35
        assert writer.append(records) == 4
    reader = ReplayReader(path)
    assert reader.rows(np.arange(16, 40)).tobytes() == records[16:].tobytes()
    assert not [problem for problem in verify(path).problems if "zarr.json" in problem]


def test_steps_whose_row_is_damaged_are_taken_again(store: Callable[..., Path], spec: StepSpec) -> None:
    """Their number is not known any more, or not to be trusted: what is sent again is stored again."""
    records = synthetic_episode(spec, 20)
    path = store(records)
    write_excluded(path, [(18, 19)])
    with ReplayWriter.open(path, spec, META) as writer:
        assert writer.last_seq(1) == 17
        assert writer.append(records) == 2
    assert ReplayReader(path).rows(np.arange(20, 22)).tobytes() == records[18:].tobytes()
    (path / "seq" / "c.0").unlink()
    write_excluded(path, [(16, 21)])
    with ReplayWriter.open(path, spec, META) as writer:
        assert writer.last_seq(1) == -1


def test_half_created_store_is_created_anew(tmp_path: Path, spec: StepSpec) -> None:
    ReplayWriter.open(tmp_path / "s", spec, META).close()
    (tmp_path / "s" / "zarr.json").unlink()
    with pytest.raises(UsageError, match="no replay store"):
        ReplayReader(tmp_path / "s")
    with ReplayWriter.open(tmp_path / "s", spec, META) as writer:
        writer.append(synthetic_episode(spec, 3))
    assert len(ReplayReader(tmp_path / "s")) == 3


def test_an_unknown_fsync_policy_is_refused_before_anything_is_written(tmp_path: Path, spec: StepSpec) -> None:
    with pytest.raises(UsageError, match="fsync is 'always': choose one of none, commit"):
        ReplayWriter.open(tmp_path / "s", spec, META, fsync="always")
    assert not (tmp_path / "s").exists()
