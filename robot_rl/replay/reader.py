"""Reads a replay store, also one that another process is still writing."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from robot_rl.core.errors import UsageError
from robot_rl.core.record import Source, StepSpec
from robot_rl.replay.commit import commit_path, read_committed
from robot_rl.replay.index import INDEX_FIELDS, EpisodeIndex
from robot_rl.replay.mapped import MappedColumn
from robot_rl.replay.schema import CHECKSUM, Layout


@dataclass(frozen=True)
class Episode:
    """One episode (or piece of one, where its writer was killed or a step is missing): rows start..stop-1."""

    start: int
    stop: int
    run_id: int
    number: int
    reward_sum: float
    success: bool
    terminal: bool
    complete: bool
    source: Source

    @property
    def length(self) -> int:
        """Number of transitions: one less than its observations."""
        return self.stop - self.start - 1


class ReplayReader:
    """A store's committed rows. `refresh` shows rows committed since; use one reader from one thread at a time."""

    def __init__(self, path: Path | str, *, tolerant: bool = False) -> None:
        """Open the store at `path`; UsageError if there is none, SchemaError if it is of another version.

        RobotRLError if a chunk is missing or cut off, unless `tolerant`: its rows then read as zeros.
        """
        self.path, self._tolerant = Path(path), tolerant
        self.layout = Layout.read(self.path)
        self._columns = {column.name: MappedColumn(self.path, column) for column in self.layout.columns}
        self.index = EpisodeIndex()
        self._fd = os.open(commit_path(self.path), os.O_RDONLY | os.O_CLOEXEC)
        self.refresh()

    @property
    def spec(self) -> StepSpec:
        """What a record consists of."""
        return self.layout.spec

    @property
    def meta(self) -> dict[str, str]:
        """What the steps are of: task, robot."""
        return dict(self.layout.meta)

    def __len__(self) -> int:
        """Number of committed rows as of the last `refresh`."""
        return self.index.rows

    def refresh(self) -> int:
        """Take in rows committed since; returns the number of committed rows. Costs only the new rows."""
        before, rows = self.index.rows, read_committed(self._fd, self.path)
        if rows > before:
            for column in self._columns.values():
                column.extend(rows)
                if not self._tolerant:
                    column.require_whole()
            new = np.arange(before, rows)
            self.index.extend({name: self._columns[name].take(new) for name in INDEX_FIELDS})
        return rows

    @property
    def damaged(self) -> list[str]:
        """What is wrong with chunk files, one phrase each."""
        return [column.damaged[chunk] for column in self._columns.values() for chunk in sorted(column.damaged)]

    def take(self, field: str, rows: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """Copy one field of `rows` (n,) int into `out`, or a new array. `rows` must be below `len(self)`."""
        return self._columns[field].take(rows, out)

    def rows(self, rows: np.ndarray | list[int]) -> np.ndarray:
        """Records (n,) of `spec.dtype` at `rows` (n,); UsageError if one is not committed."""
        rows = np.asarray(rows, np.int64)
        if rows.size and not (rows.min() >= 0 and rows.max() < len(self)):
            raise UsageError(f"rows {rows.min()}..{rows.max()} are not among the {len(self)} rows of '{self.path}'.")
        records = np.empty(len(rows), self.spec.dtype)
        for name in self.spec.dtype.names or ():
            records[name] = self.take(name, rows)
        return records

    def checksums(self, rows: np.ndarray) -> np.ndarray:
        """Stored crc32 (n,) uint32 of the packed records at `rows`."""
        return self.take(CHECKSUM, rows)

    def episodes(self) -> list[Episode]:
        """All episodes in order; the last one may be still running (not `complete`)."""
        starts = self.index.starts
        if not len(starts):
            return []
        stops = np.append(starts[1:], len(self))
        every, last = np.arange(len(self)), stops - 1
        reward = np.append(self.take("reward", every).astype(np.float64), 0.0)
        reward[last] = 0.0
        success = np.logical_or.reduceat(self.take("success", every) != 0, starts)
        sums = np.add.reduceat(reward[:-1], starts)
        complete, terminal = self.take("is_last", last) != 0, self.take("is_terminal", last) != 0
        first = {name: self.take(name, starts) for name in ("run_id", "episode")}
        source = self._main_sources(starts, stops)
        return [
            Episode(
                start=int(starts[k]),
                stop=int(stops[k]),
                run_id=int(first["run_id"][k]),
                number=int(first["episode"][k]),
                reward_sum=float(sums[k]),
                success=bool(success[k]),
                terminal=bool(terminal[k]),
                complete=bool(complete[k]),
                source=source[k],
            )
            for k in range(len(starts))
        ]

    def _main_sources(self, starts: np.ndarray, stops: np.ndarray) -> list[Source]:
        """Who chose most actions of each episode; any intervention makes it an intervention episode."""
        kinds = sorted(Source)
        source = self.take("source", np.arange(len(self)))
        source[stops - 1] = source[np.maximum(stops - 2, starts)]  # the last row has no action
        counts = np.stack([np.add.reduceat((source == kind).astype(np.int64), starts) for kind in kinds], axis=1)
        counts[:, Source.INTERVENTION] *= 1 << 32
        return [kinds[k] for k in counts.argmax(axis=1)]

    def close(self) -> None:
        """Close the store's files; maps go with the last array that uses them. A second call does nothing."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
