"""The commit record: how many rows of the store count.

It is the one chunk of a zarr array `commit`, (2, 2) uint64: two slots of (rows, crc32 of rows). A commit rewrites the
slot that does not hold the current number, with one 16-byte write, so the newest valid slot is intact at any instant,
for a reader beside the writer, after the writer's death and after a torn sector. It needs no free space on the disk.
"""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

from robot_rl.core.errors import RobotRLError
from robot_rl.replay.schema import COMMIT

_SLOT = struct.Struct("<QQ")


def commit_path(store: Path) -> Path:
    """File of the commit record."""
    return store / COMMIT / "c.0.0"


def initial_record() -> bytes:
    """The record of an empty store."""
    return _pack(0) * 2


def read_committed(fd: int, store: Path) -> int:
    """Number of committed rows; RobotRLError if no slot is valid."""
    return _read(fd, store)[0]


def damaged_slots(store: Path) -> list[int]:
    """Slots (0, 1) whose number does not match its check; OSError if the record cannot be read."""
    data = commit_path(store).read_bytes()
    slots = (data[k * _SLOT.size : (k + 1) * _SLOT.size] for k in (0, 1))
    return [number for number, slot in enumerate(slots) if not _valid(slot)]


class CommitRecord:
    """The record as its only writer sees it."""

    def __init__(self, store: Path) -> None:
        self._fd = os.open(commit_path(store), os.O_RDWR | os.O_CLOEXEC)
        self.rows, self._slot = _read(self._fd, store)

    def write(self, rows: int, sync: bool) -> None:
        """Make `rows` the number of rows that count; with `sync`, wait until it is on the disk."""
        slot = 1 - self._slot
        os.pwrite(self._fd, _pack(rows), slot * _SLOT.size)
        if sync:
            os.fdatasync(self._fd)
        self.rows, self._slot = rows, slot

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _pack(rows: int) -> bytes:
    return _SLOT.pack(rows, zlib.crc32(rows.to_bytes(8, "little")))


def _valid(slot: bytes) -> bool:
    return len(slot) == _SLOT.size and slot == _pack(_SLOT.unpack(slot)[0])


def _read(fd: int, store: Path) -> tuple[int, int]:
    data = os.pread(fd, 2 * _SLOT.size, 0)
    slots = [data[: _SLOT.size], data[_SLOT.size :]]
    valid = [(_SLOT.unpack(slot)[0], number) for number, slot in enumerate(slots) if _valid(slot)]
    if not valid:
        raise RobotRLError(f"the commit record '{commit_path(store)}' is damaged: restore it from a copy of the store.")
    return max(valid)
