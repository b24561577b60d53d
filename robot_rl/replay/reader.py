"""Reads a replay store, also one that another process is still writing."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from robot_rl.core.errors import RobotRLError, UsageError
from robot_rl.core.record import Source, StepSpec
from robot_rl.replay.commit import commit_path, read_committed
from robot_rl.replay.damage import REMEDY, exclusion_path, read_excluded, spans_of
from robot_rl.replay.index import INDEX_FIELDS, EpisodeIndex
from robot_rl.replay.mapped import MappedColumn
from robot_rl.replay.packed import DecodeCache
from robot_rl.replay.schema import CHECKSUM, Layout

CACHE_BYTES = 512 << 20


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
    interventions: int = 0
    """Number of its actions that a person chose in place of the policy's."""

    @property
    def length(self) -> int:
        """Number of transitions: one less than its observations."""
        return self.stop - self.start - 1


class ReplayReader:
    """A store's committed rows. `refresh` shows rows committed since; use one reader from one thread at a time.

    Rows that a file cannot give, being missing or cut off, and rows that `verify --exclude` listed are damaged: the
    index leaves them out, whatever else is in the store can be read.
    """

    def __init__(self, path: Path | str, *, cache_bytes: int = CACHE_BYTES) -> None:
        """Open the store at `path`; UsageError if there is none, SchemaError if it is of another version.

        RobotRLError if its commit record is damaged. Compressed chunks are kept decoded in up to `cache_bytes` of
        memory; rows of the others are decoded each time.
        """
        self.path = Path(path)
        self.layout = Layout.read(self.path)
        cache = DecodeCache(cache_bytes)
        self._columns = {column.name: MappedColumn(self.path, column, cache) for column in self.layout.columns}
        self.index = EpisodeIndex()
        self._excluded, self._unlisted = self._read_excluded()
        self._fd = self._open_commit()
        self.refresh()

    def _read_excluded(self) -> tuple[np.ndarray, str]:
        try:
            return read_excluded(self.path), ""
        except ValueError as error:
            return np.empty(0, np.int64), str(error)

    def _open_commit(self) -> int:
        try:
            return os.open(commit_path(self.path), os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise RobotRLError(
                f"the commit record '{commit_path(self.path)}' cannot be read, {error.strerror}: restore it from a "
                "copy of the store."
            ) from None

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
            new = np.arange(before, rows)
            # A row whose checksum alone is lost may well be whole: it stays.
            damaged = self.unreadable(new, self.spec.dtype.names or ())
            damaged[self._excluded[(self._excluded >= before) & (self._excluded < rows)] - before] = True
            self.index.extend({name: self._readable(name, new) for name in INDEX_FIELDS}, damaged)
        return rows

    @property
    def damaged(self) -> list[str]:
        """What is wrong with the store as far as known, one phrase each, and which rows that costs."""
        found = [damage.sentence(len(self)) for column in self._columns.values() for damage in column.damages]
        listed = spans_of(self._excluded[self._excluded < len(self)])
        found += [f"'{exclusion_path(self.path)}' excludes rows {first}-{last}" for first, last in listed]
        return [*found, *([self._unlisted] if self._unlisted else [])]

    @property
    def warning(self) -> str:
        """One sentence on all that is damaged, for a person; empty if nothing is."""
        found = self.damaged
        if not found:
            return ""
        more = f"; and {len(found) - 3} more" if len(found) > 3 else ""
        return (
            f"replay store '{self.path}' is damaged, {len(self.index.damaged)} of its {len(self)} steps are left out: "
            f"{'; '.join(found[:3])}{more}."
        )

    def take(self, field: str, rows: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """Copy one field of `rows` (n,) int into `out`, or a new array. `rows` must be below `len(self)`.

        RobotRLError where one lies in a damaged part of a file.
        """
        return self._columns[field].take(rows, out)

    def unreadable(self, rows: np.ndarray, fields: Iterable[str]) -> np.ndarray:
        """Mask (n,) of `rows` (n,) of which one of `fields` lies in a part of a file that is known to be damaged."""
        mask = np.zeros(len(rows), bool)
        for column in (self._columns[name] for name in fields):
            if column.damages:
                mask |= column.unreadable(rows)
        return mask

    def rows(self, rows: np.ndarray | list[int]) -> np.ndarray:
        """Records (n,) of `spec.dtype` at `rows` (n,), each checked against its checksum.

        UsageError if one is not committed, RobotRLError if one is damaged.
        """
        rows = np.asarray(rows, np.int64)
        if rows.size and not (rows.min() >= 0 and rows.max() < len(self)):
            raise UsageError(f"rows {rows.min()}..{rows.max()} are not among the {len(self)} rows of '{self.path}'.")
        records, torn = self.checked(rows)
        if torn.any():
            raise RobotRLError(f"row {rows[torn][0]} of '{self.path}' does not match its checksum: {REMEDY}.")
        return records

    def checked(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Records (n,) at committed `rows` (n,), and a mask (n,) of those that do not match their checksum."""
        records = np.empty(len(rows), self.spec.dtype)
        for name in self.spec.dtype.names or ():
            records[name] = self.take(name, rows)
        checks = [zlib.crc32(record.data) for record in records.view(np.uint8).reshape(-1, records.itemsize)]
        return records, np.array(checks, np.uint32) != self.checksums(rows)

    def checksums(self, rows: np.ndarray) -> np.ndarray:
        """Stored crc32 (n,) uint32 of the packed records at `rows`."""
        return self.take(CHECKSUM, rows)

    def _readable(self, field: str, rows: np.ndarray) -> np.ndarray:
        """One field of `rows` (n,), zeros where it cannot be read."""
        bad = self.unreadable(rows, (field,))
        if not bad.any():
            return self.take(field, rows)
        values = self.take(field, rows[~bad])
        found = np.zeros((len(rows), *values.shape[1:]), values.dtype)
        found[~bad] = values
        return found

    def episodes(self) -> list[Episode]:
        """All episodes in order, without damaged rows; the last one may be still running (not `complete`)."""
        starts = self.index.starts
        if not len(starts):
            return []
        stops = np.append(starts[1:], len(self))
        every, last = np.arange(len(self)), stops - 1
        reward = np.append(self._readable("reward", every).astype(np.float64), 0.0)
        reward[last] = 0.0
        success = np.logical_or.reduceat(self._readable("success", every) != 0, starts)
        sums = np.add.reduceat(reward[:-1], starts)
        complete, terminal = self._readable("is_last", last) != 0, self._readable("is_terminal", last) != 0
        first = {name: self._readable(name, starts) for name in ("run_id", "episode")}
        source, interventions = self._main_sources(starts, stops)
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
                interventions=int(interventions[k]),
            )
            for k in np.flatnonzero(~np.isin(starts, self.index.damaged)).tolist()
        ]

    def _main_sources(self, starts: np.ndarray, stops: np.ndarray) -> tuple[list[Source], np.ndarray]:
        """Who chose most actions of each episode, where any intervention counts most, and how many those are (p,)."""
        kinds = sorted(Source)
        source = self._readable("source", np.arange(len(self)))
        source[stops - 1] = source[np.maximum(stops - 2, starts)]  # the last row has no action
        counts = np.stack([np.add.reduceat((source == kind).astype(np.int64), starts) for kind in kinds], axis=1)
        counts[:, Source.INTERVENTION] *= 1 << 32
        every = np.arange(len(self))
        by_hand = (self._readable("source", every) == Source.INTERVENTION) & (self._readable("is_last", every) == 0)
        return [kinds[k] for k in counts.argmax(axis=1)], np.add.reduceat(by_hand.astype(np.int64), starts)

    def close(self) -> None:
        """Close the store's files; maps go with the last array that uses them. A second call does nothing."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
