"""Checks every committed row of a store: files, checksums, flags, order, and that zarr itself reads the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from robot_rl.core.errors import RobotRLError
from robot_rl.core.record import Source
from robot_rl.replay.damage import changed_byte, spans_of
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.schema import CHECKSUM, Column
from robot_rl.replay.verify_files import compare_with_zarr, file_problems

BLOCK_BYTES = 16 << 20
LOCATED = 100
"""Runs of torn rows whose file is looked for, which takes up to 0.1 s each."""


@dataclass(frozen=True)
class Verification:
    """What `verify` found: problems as one sentence each, and steps that their writer numbered but never arrived.

    `torn` holds the (first, last) rows of each run of rows that do not match their checksum or cannot be decoded.
    """

    rows: int
    episodes: int
    missing_steps: int
    problems: tuple[str, ...]
    torn: tuple[tuple[int, int], ...]


def verify(path: Path | str, progress: Callable[[int, int], None] = lambda done, total: None) -> Verification:
    """Read all of the store at `path`, calling `progress(rows done, rows)`; RobotRLError if it cannot be opened.

    Nothing is changed. Rows in damaged parts of files are named with the file and not looked into any further.
    """
    reader = ReplayReader(path)
    at_open = reader.unreadable(np.arange(len(reader)), _fields(reader))
    order, torn, odd = _Order(), [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for rows in _blocks(reader):
        rows, records, wrong = _readable(reader, rows)
        torn.append(rows[wrong])
        odd.append(rows[~wrong][_inconsistent(records[~wrong])])
        order.extend(rows[~wrong], records[~wrong])
        progress(int(rows[-1]) + 1 if len(rows) else 0, len(reader))
    progress(len(reader), len(reader))
    undecoded = reader.unreadable(np.arange(len(reader)), _fields(reader)) & ~at_open
    mismatched = spans_of(np.concatenate(torn))
    problems = [*file_problems(reader), *reader.damaged]
    problems += [
        f"rows {a}-{b} do not match their checksum" + (f": {_where(reader, a, b)}" if number < LOCATED else "")
        for number, (a, b) in enumerate(mismatched)
    ]
    problems += [f"rows {a}-{b} hold flags or numbers that no step can have" for a, b in spans_of(np.concatenate(odd))]
    problems += [*order.problems, *compare_with_zarr(reader)]
    lost = spans_of(np.union1d(np.concatenate(torn), np.flatnonzero(undecoded)))
    episodes = len(reader.index.starts) - len(reader.index.damaged)
    return Verification(len(reader), episodes, order.missing, tuple(problems), tuple(lost))


class _Order:
    """Follows the sequence numbers of the rows that can be trusted."""

    def __init__(self) -> None:
        self.missing, self.problems = 0, list[str]()
        self._seqs, self._row = dict[int, int](), -1

    def extend(self, rows: np.ndarray, records: np.ndarray) -> None:
        """Take in `records` (n,) at `rows` (n,), behind all before."""
        for row, run_id, seq in zip(rows.tolist(), records["run_id"].tolist(), records["seq"].tolist(), strict=True):
            gap = seq - self._seqs.get(run_id, seq - 1) - 1
            if gap < 0:
                self.problems.append(f"row {row}: step {seq} of run {run_id:08x} is there twice or out of order")
            damaged = row - self._row - 1  # these did arrive
            self.missing += max(gap - damaged, 0)
            self._seqs[run_id], self._row = seq, row


def _fields(reader: ReplayReader) -> list[str]:
    return [column.name for column in reader.layout.columns]


def _blocks(reader: ReplayReader) -> Iterator[np.ndarray]:
    size = max(BLOCK_BYTES // reader.spec.dtype.itemsize, 1)
    for start in range(0, len(reader), size):
        yield np.arange(start, min(start + size, len(reader)))


def _readable(reader: ReplayReader, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Those of `rows` that can be read, their records, and a mask of those that do not match their checksum."""
    while True:
        rows = rows[~reader.unreadable(rows, _fields(reader))]
        try:
            return rows, *reader.checked(rows)
        except RobotRLError:
            if not reader.unreadable(rows, _fields(reader)).any():
                raise  # not for a chunk that turned out, just now, not to decode


def _inconsistent(records: np.ndarray) -> np.ndarray:
    """Mask (n,) of records that contradict themselves."""
    bad = (records["is_first"] != 0) & (records["index"] != 0)
    bad |= (records["is_terminal"] != 0) & (records["is_last"] == 0)
    bad |= records["source"] > max(Source)
    for name in ("is_first", "is_last", "is_terminal", "success"):
        bad |= records[name] > 1
    for name in ("reward", "proprio", "action"):
        bad |= ~np.isfinite(records[name].reshape(len(records), -1)).all(axis=1)
    return np.asarray(bad)


def _where(reader: ReplayReader, first: int, last: int) -> str:
    """Which file the torn rows first..last are torn in, as far as a checksum of whole rows can tell."""
    columns = {column.name: column for column in reader.layout.columns}
    images = [column for column in columns.values() if column.framed]
    if first == last:
        records, _ = reader.checked(np.array([first]))
        offset = changed_byte(records.tobytes(), int(reader.checksums(np.array([first]))[0]))
        if offset is not None:
            column = columns[CHECKSUM] if offset < 0 else columns[_field_at(reader.spec.dtype, offset)]
            return f"one byte of it was changed in '{_chunk(reader, column, first)}'"
    files = ", ".join(f"'{_chunk(reader, column, first)}'" for column in images)
    return f"more than one byte of a row was changed, most likely in {files}"


def _field_at(dtype: np.dtype, offset: int) -> str:
    """Field that the byte at `offset` of a record belongs to."""
    assert dtype.fields is not None
    return max((field[1], name) for name, field in dtype.fields.items() if field[1] <= offset)[1]


def _chunk(reader: ReplayReader, column: Column, row: int) -> Path:
    return column.chunk_path(reader.path, row // column.rows)
