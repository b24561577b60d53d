"""An array of the store as one numpy array: its chunk files mapped side by side into one range of addresses.

One gather then serves any set of rows at the speed of memory, however many chunks they lie in. The range is reserved
without memory behind it; it doubles when the store outgrows it.
"""

from __future__ import annotations

import ctypes
import math
import mmap
import os
from pathlib import Path
from typing import Any

import numpy as np

from robot_rl.core.errors import RobotRLError
from robot_rl.replay.gather import gather
from robot_rl.replay.schema import FRAME_HEADER, Column

_MAP_FIXED, _MAP_NORESERVE = 0x10, 0x4000
_FAILED = ctypes.c_void_p(-1).value
_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.mmap.restype = ctypes.c_void_p
_LIBC.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *([ctypes.c_int] * 3), ctypes.c_long]
_LIBC.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]


def _mmap(address: int | None, size: int, flags: int, fd: int) -> int:
    found = _LIBC.mmap(address, size, mmap.PROT_READ, flags, fd, 0)
    if found == _FAILED or found is None:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return int(found)


class _AddressRange:
    """Readable addresses (zeros where nothing is mapped); arrays made from it keep it alive."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.address = _mmap(None, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _MAP_NORESERVE, -1)
        self.__array_interface__: dict[str, Any] = {
            "version": 3,
            "shape": (size,),
            "typestr": "|u1",
            "data": (self.address, True),
        }

    def map_file(self, offset: int, size: int, fd: int) -> None:
        """Show the first `size` bytes of a file at `offset` (page aligned)."""
        _mmap(self.address + offset, size, mmap.MAP_SHARED | _MAP_FIXED, fd)

    def __del__(self) -> None:
        if hasattr(self, "address"):
            _LIBC.munmap(self.address, self.size)


class MappedColumn:
    """One column of a store, rows gathered from memory maps."""

    def __init__(self, store: Path, column: Column) -> None:
        """Map nothing yet; `extend` says how many rows there are."""
        self._store, self._column = store, column
        # A chunk starts on a page and takes a whole number of rows of addresses, so that one stride serves all rows.
        per_page = mmap.PAGESIZE // math.gcd(column.row_bytes, mmap.PAGESIZE)
        needed = -(-column.chunk_bytes // column.row_bytes)
        self._stride = -(-needed // per_page) * per_page
        self._chunks = 0
        self._range: _AddressRange | None = None
        self._rows = np.empty((0, *column.shape), column.dtype)
        self.damaged: dict[int, str] = {}

    def extend(self, rows: int) -> None:
        """Map the chunk files that hold the first `rows` rows; what is damaged is noted in `damaged`."""
        chunks = -(-rows // self._column.rows)
        if chunks * self._chunk_addresses > (self._range.size if self._range else 0):
            self._range = _AddressRange(max(2 * chunks, 8) * self._chunk_addresses)
            self._rows = self._view(self._range)
            self._chunks = 0
            self.damaged.clear()
        for chunk in range(self._chunks, chunks):
            self._map(chunk)
        self._chunks = max(chunks, self._chunks)

    def require_whole(self) -> None:
        """Raise RobotRLError naming the first damaged chunk, if any."""
        if self.damaged:
            first = self.damaged[min(self.damaged)]
            raise RobotRLError(f"{first}: run `robot-rl replay verify` and restore it from a copy of the store.")

    def take(self, rows: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """Copy `rows` (n,) into `out` (n, *shape), or a new array. The caller checks that they are committed."""
        if self._stride != self._column.rows:
            rows = rows // self._column.rows * self._stride + rows % self._column.rows
        return gather(self._rows, rows, out)

    @property
    def _chunk_addresses(self) -> int:
        return self._stride * self._column.row_bytes

    def _view(self, addresses: _AddressRange) -> np.ndarray:
        column, offset = self._column, len(self._column.header)
        count = (addresses.size - offset) // column.row_bytes
        data = np.asarray(addresses)
        return np.ndarray((count, *column.shape), column.dtype, buffer=data, offset=offset)

    def _map(self, chunk: int) -> None:
        assert self._range is not None
        path = self._column.chunk_path(self._store, chunk)
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            self.damaged[chunk] = f"chunk '{path}' is missing"
            return
        try:
            size = os.fstat(fd).st_size
            if size != self._column.chunk_bytes:
                self.damaged[chunk] = f"chunk '{path}' has {size} bytes, not {self._column.chunk_bytes}"
            elif os.pread(fd, FRAME_HEADER, 0)[: len(self._column.header)] != self._column.header:
                self.damaged[chunk] = f"chunk '{path}' does not start with its header"
            else:
                self._range.map_file(chunk * self._chunk_addresses, size, fd)
        except OSError as error:
            raise RobotRLError(f"cannot map chunk '{path}': {error.strerror}: raise the limit on maps.") from error
        finally:
            os.close(fd)
