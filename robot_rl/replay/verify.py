"""Checks every committed row of a store: files, checksums, flags, order, and that zarr itself reads the same."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import zarr

from robot_rl.core.record import Source
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.schema import read_length

BLOCK_BYTES = 16 << 20


@dataclass(frozen=True)
class Verification:
    """What `verify` found: problems as one sentence each, and steps that their writer numbered but never arrived."""

    rows: int
    episodes: int
    missing_steps: int
    problems: tuple[str, ...]


def verify(path: Path | str, progress: Callable[[int, int], None] = lambda done, total: None) -> Verification:
    """Read all of the store at `path`, calling `progress(rows done, rows)`; RobotRLError if it cannot be opened."""
    reader = ReplayReader(path, tolerant=True)
    problems = [*reader.damaged, *_lengths(reader), *_compare_with_zarr(reader)]
    missing, last = 0, dict[int, int]()
    torn, odd = [], []
    for rows, records in _blocks(reader):
        checks = np.array([zlib.crc32(record.tobytes()) for record in records], np.uint32)
        torn.append(rows[checks != reader.checksums(rows)])
        odd.append(rows[_inconsistent(records)])
        for row, run_id, seq in zip(rows, records["run_id"].tolist(), records["seq"].tolist(), strict=True):
            gap = seq - last.get(run_id, seq - 1) - 1
            if gap < 0:
                problems.append(f"row {row}: step {seq} of run {run_id:08x} is there twice or out of order")
            missing += max(gap, 0)
            last[run_id] = seq
        progress(int(rows[-1]) + 1, len(reader))
    problems += [f"rows {span} do not match their checksum" for span in _spans(torn)]
    problems += [f"rows {span} hold flags or numbers that no step can have" for span in _spans(odd)]
    return Verification(len(reader), len(reader.index.starts), missing, tuple(problems))


def _blocks(reader: ReplayReader) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    size = max(BLOCK_BYTES // reader.spec.dtype.itemsize, 1)
    for start in range(0, len(reader), size):
        rows = np.arange(start, min(start + size, len(reader)))
        yield rows, reader.rows(rows)


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


def _lengths(reader: ReplayReader) -> list[str]:
    short = [c.name for c in reader.layout.columns if read_length(reader.path, c) < len(reader)]
    return [f"the metadata of array '{name}' names fewer rows than are committed" for name in short]


def _compare_with_zarr(reader: ReplayReader) -> list[str]:
    """Read the first and the last row through zarr as well."""
    if not len(reader) or reader.damaged:
        return []
    group = zarr.open_group(str(reader.path), mode="r")
    ends = np.array([0, len(reader) - 1])
    problems = []
    for column in reader.layout.columns:
        array = group[column.name]
        if not isinstance(array, zarr.Array):
            problems.append(f"zarr finds no array '{column.name}'")
        elif not np.array_equal(np.stack([array[k] for k in ends]), reader.take(column.name, ends), equal_nan=True):
            problems.append(f"zarr reads other values from array '{column.name}'")
    return problems


def _spans(found: list[np.ndarray]) -> list[str]:
    """Consecutive rows as 'a-b'."""
    rows = np.concatenate([np.empty(0, np.int64), *found])
    groups = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
    return [f"{group[0]}-{group[-1]}" for group in groups if len(group)]
