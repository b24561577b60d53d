"""What of a store cannot be trusted: damaged rows, and the rows that `verify --exclude` found torn.

Those are listed in `commit/damaged.json`, {"rows": [[first, last], ...]}, below the commit array because zarr warns of
foreign files beside its arrays.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from robot_rl.core.files import write_json
from robot_rl.replay.schema import COMMIT

REMEDY = "leave them out with `robot-rl replay verify --exclude`, or restore the file from a copy of the store"


@dataclass(frozen=True)
class Damage:
    """Something wrong with a file, and the rows start..stop-1 that cannot be read for it (none where equal)."""

    what: str
    start: int = 0
    stop: int = 0

    def covers(self, rows: np.ndarray) -> np.ndarray:
        """Mask (n,) of `rows` (n,) that cannot be read."""
        return (rows >= self.start) & (rows < self.stop)

    def sentence(self, committed: int) -> str:
        """What is wrong and which of the `committed` rows that costs."""
        last = min(self.stop, committed) - 1
        return f"{self.what}: rows {self.start}-{last}" if last >= self.start else self.what


def exclusion_path(store: Path) -> Path:
    """File that lists the rows which readers leave out."""
    return store / COMMIT / "damaged.json"


def read_excluded(store: Path) -> np.ndarray:
    """Rows (n,) that readers leave out, in order; ValueError if the list itself is damaged."""
    try:
        spans = json.loads(exclusion_path(store).read_text())["rows"]
        return np.concatenate([np.empty(0, np.int64), *(np.arange(first, last + 1) for first, last in spans)])
    except FileNotFoundError:
        return np.empty(0, np.int64)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"'{exclusion_path(store)}' cannot be read: write it anew with `verify --exclude`") from error


def write_excluded(store: Path, spans: Iterable[tuple[int, int]]) -> None:
    """Let every reader that opens the store from now on leave out the rows first..last of `spans`; OSError."""
    found = [list(span) for span in spans]
    if found:
        write_json(exclusion_path(store), {"rows": found}, sync=True)
    else:
        exclusion_path(store).unlink(missing_ok=True)


def spans_of(rows: np.ndarray) -> list[tuple[int, int]]:
    """Consecutive runs of `rows` (n,), in order, as (first, last)."""
    groups = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
    return [(int(group[0]), int(group[-1])) for group in groups if len(group)]


def changed_byte(record: bytes, stored: int) -> int | None:
    """Offset of the one byte of `record` whose change explains that its crc32 is not `stored`, None if it is none.

    -1 where the change is in the checksum itself. The crc of what was changed is that of the bytes' difference, so a
    single wrong byte is found by taking zero bytes off the difference's end until one byte's table entry is left.
    """
    rest = zlib.crc32(record) ^ stored
    if any(rest & ~(0xFF << shift) == 0 for shift in (0, 8, 16, 24)):
        return -1
    for offset in range(len(record) - 1, -1, -1):
        last = _OF_TOP[rest >> 24]
        if _TABLE[last] == rest:
            return offset
        rest = ((rest ^ _TABLE[last]) << 8 | last) & 0xFFFFFFFF
    return None


def _entry(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0xEDB88320 if byte & 1 else 0)
    return byte


_TABLE = [_entry(byte) for byte in range(256)]
_OF_TOP = {entry >> 24: byte for byte, entry in enumerate(_TABLE)}
