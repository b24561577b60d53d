"""Append-only writer of a replay store: rows in place into their chunk files, one commit record last.

A kill at any instant loses only rows appended after the last `commit`; their place is written again. With
fsync="none" a commit survives the death of the process (the data is the operating system's), with fsync="commit" also
a power failure, at the price of a flush of each array and commit (9 ms in the median, 52 at the 99th percentile, on
a virtual disk; against 0.5 and 4).
"""

from __future__ import annotations

import contextlib
import os
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from robot_rl.core.errors import RobotRLError, SchemaError, UsageError
from robot_rl.core.files import write_atomic, write_json
from robot_rl.core.lock import HeldLock, take
from robot_rl.core.record import StepSpec
from robot_rl.replay.commit import CommitRecord, commit_path, initial_record
from robot_rl.replay.damage import read_excluded
from robot_rl.replay.files import open_chunk, require_rows, write_all
from robot_rl.replay.mapped import MappedColumn
from robot_rl.replay.schema import COMMIT, METADATA, Layout, commit_metadata, read_length

FSYNC = ("none", "commit")
WRITTEN = "replay store '{store}' is being written by process {{pid}}: stop it or use another run name."


class ReplayWriter:
    """The one writer of a store. Not for use from several threads at once."""

    def __init__(self, path: Path, layout: Layout, lock: HeldLock, fsync: str) -> None:
        """Use `ReplayWriter.open`."""
        self.path, self.spec, self.layout = path, layout.spec, layout
        self._lock, self._sync = lock, fsync == "commit"
        self._columns = layout.columns
        self._fields = {n: layout.spec.dtype.fields[n][1] for n in layout.spec.dtype.names or ()}  # type: ignore[index]
        self._record = CommitRecord(path)
        self._rows = self._record.rows
        for column in self._columns:
            chunk, within = divmod(self._rows, column.rows)
            require_rows(column.chunk_path(path, chunk), column, within)
        self._length = min(read_length(path, column) for column in self._columns)
        self._files: dict[str, tuple[int, int]] = {}
        self._committed_seq = _last_seqs(path, layout, self._rows)
        self._appended_seq = dict(self._committed_seq)

    @classmethod
    def open(
        cls,
        path: Path | str,
        spec: StepSpec,
        meta: Mapping[str, str],
        *,
        fsync: str = "none",
        chunk_rows: tuple[int, int] | None = None,
    ) -> ReplayWriter:
        """Create the store at `path` or continue it after its last committed row.

        `meta` says what the steps are of (task, robot); `chunk_rows` (images, the rest) counts for a new store only.
        Raises SchemaError when the store's spec or meta differ, UsageError when another process writes it or `path`
        holds something else, RobotRLError when the disk refuses or a chunk to be continued lacks committed rows.
        """
        if fsync not in FSYNC:
            raise UsageError(f"fsync is '{fsync}': choose one of {', '.join(FSYNC)}.")
        path = Path(path)
        if path.exists() and (not path.is_dir() or _foreign(path)):
            raise UsageError(f"'{path}' exists and is no replay store: give another path or remove it.")
        with _disk_errors(path, "open"):
            (path / COMMIT).mkdir(parents=True, exist_ok=True)
            lock = take(path / COMMIT / "lock", WRITTEN.format(store=path))
            try:
                if (path / METADATA).exists():
                    Layout.read(path).require(spec, meta, path)
                else:
                    _create(path, Layout.plan(spec, meta, chunk_rows), fsync == "commit")
                return cls(path, Layout.read(path), lock, fsync)
            except BaseException:
                lock.release()
                raise

    @property
    def committed(self) -> int:
        """Number of rows that count."""
        return self._record.rows

    @property
    def appended(self) -> int:
        """Number of rows written, committed or not."""
        return self._rows

    def last_seq(self, run_id: int) -> int:
        """Highest committed sequence number of the step writer `run_id`, -1 if it has none here."""
        return self._committed_seq.get(int(run_id), -1)

    def append(self, record: np.ndarray) -> int:
        """Write a record (shape () or (n,), of `spec.dtype`) behind the last row; it counts after `commit`.

        A record whose (run_id, seq) is not above the highest one appended for its run_id is a duplicate and is
        dropped. Returns the number of rows written. Raises SchemaError for another dtype, RobotRLError when the disk
        refuses: then the row is not appended, what was appended before stands, and appending may be tried again.
        """
        if record.dtype != self.spec.dtype or record.ndim > 1:
            raise SchemaError(f"a record of {record.dtype} {record.shape} does not fit the store '{self.path}'.")
        written = 0
        for row in record.reshape(-1):
            run_id, seq = int(row["run_id"]), int(row["seq"])
            if seq > self._appended_seq.get(run_id, -1):
                with _disk_errors(self.path, "append to", self.committed):
                    self._write(row.tobytes())
                self._rows += 1
                self._appended_seq[run_id] = seq
                written += 1
        return written

    def commit(self) -> int:
        """Make all appended rows count; returns their number. RobotRLError when the disk refuses."""
        if self._rows != self._record.rows:
            with _disk_errors(self.path, "commit to", self.committed):
                if self._sync:
                    for _, fd in self._files.values():
                        os.fdatasync(fd)
                self._record.write(self._rows, self._sync)
            self._committed_seq.update(self._appended_seq)
        return self._rows

    def close(self) -> None:
        """Commit, close the files and release the lock; a second call does nothing."""
        try:
            if self._lock.held:
                self.commit()
        finally:
            for _, fd in self._files.values():
                os.close(fd)
            self._files.clear()
            self._record.close()
            self._lock.release()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close, committing what was appended: every row is whole."""
        self.close()

    def _write(self, row: bytes) -> None:
        data = memoryview(row)
        self._extend()
        for column in self._columns:
            _, fd = self._files[column.name]
            within = self._rows % column.rows
            start = self._fields.get(column.name, -1)
            value = data[start : start + column.row_bytes] if start >= 0 else zlib.crc32(row).to_bytes(4, "little")
            write_all(fd, value, len(column.header) + within * column.row_bytes)

    def _extend(self) -> None:
        for column in self._columns:
            chunk, within = divmod(self._rows, column.rows)
            current = self._files.get(column.name, (-1, -1))
            if current[0] == chunk:
                continue
            fd = open_chunk(self.path, column, chunk, continued=within, sync=self._sync)
            if self._sync and current[1] >= 0:
                os.fdatasync(current[1])
            self._files[column.name] = (chunk, fd)
            if current[1] >= 0:
                os.close(current[1])
        if self._rows >= self._length:
            length = (self._rows // self.layout.step + 1) * self.layout.step
            for column in self._columns:
                write_json(self.path / column.name / METADATA, column.metadata(length), self._sync)
            self._length = length


def _create(path: Path, layout: Layout, sync: bool) -> None:
    """Write an empty store; the group's metadata comes last, so a store cut off here is created anew."""
    write_json(path / COMMIT / METADATA, commit_metadata(), sync)
    write_atomic(commit_path(path), initial_record(), sync)
    for column in layout.columns:
        (path / column.name).mkdir(exist_ok=True)
        write_json(path / column.name / METADATA, column.metadata(0), sync)
    write_json(path / METADATA, layout.metadata(), sync)


def _foreign(path: Path) -> bool:
    return not (path / COMMIT).is_dir() and any(path.iterdir())


def _last_seqs(path: Path, layout: Layout, rows: int) -> dict[int, int]:
    """Highest seq of each run_id among the first `rows` rows; steps whose row is damaged may come again."""
    if not rows:
        return {}
    intact = np.ones(rows, bool)
    with contextlib.suppress(ValueError):  # a damaged list: readers say so
        intact[(listed := read_excluded(path))[listed < rows]] = False
    columns = {c.name: c for c in layout.columns if c.name in ("run_id", "seq")}
    mapped = {name: MappedColumn(path, column) for name, column in columns.items()}
    for column in mapped.values():
        column.extend(rows)
        intact &= ~column.unreadable(np.arange(rows))
    if not intact.any():
        return {}
    read = {name: column.take(np.flatnonzero(intact)) for name, column in mapped.items()}
    starts = np.flatnonzero(np.diff(read["run_id"], prepend=~read["run_id"][:1]))
    highest: dict[int, int] = {}
    for run_id, seq in zip(read["run_id"][starts], np.maximum.reduceat(read["seq"], starts), strict=True):
        highest[int(run_id)] = max(highest.get(int(run_id), -1), int(seq))
    return highest


@contextlib.contextmanager
def _disk_errors(path: Path, verb: str, committed: int | None = None) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        intact = "" if committed is None else f"; its {committed} committed steps are intact"
        raise RobotRLError(
            f"cannot {verb} the replay store '{path}': {error.strerror}{intact}: free space or mend the disk."
        ) from error
