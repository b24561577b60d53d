"""An array of the store as one numpy array: its chunk files mapped side by side into one range of addresses.

One gather then serves any set of rows at the speed of memory, however many chunks they lie in. The range is reserved
without memory behind it; it doubles when the store outgrows it. At a compressed chunk's place lies its frame. When the
chunk is first touched it is decoded there, if the decode cache has room; if not, single blocks are, for the rows asked.
"""

from __future__ import annotations

import math
import mmap
import os
from pathlib import Path

import numpy as np

from robot_rl.core.errors import RobotRLError
from robot_rl.replay.addresses import AddressRange
from robot_rl.replay.damage import REMEDY, Damage
from robot_rl.replay.gather import gather
from robot_rl.replay.packed import DecodeCache, PackedChunk
from robot_rl.replay.schema import FRAME_HEADER, Column


class MappedColumn:
    """One column of a store, rows gathered from memory maps."""

    def __init__(self, store: Path, column: Column, cache: DecodeCache | None = None) -> None:
        """Map nothing yet; `extend` says how many rows there are. Without a `cache` no chunk is decoded whole."""
        self._store, self._column, self._cache = store, column, cache or DecodeCache(0)
        # A chunk starts on a page and takes a whole number of rows of addresses, so that one stride serves all rows.
        per_page = mmap.PAGESIZE // math.gcd(column.row_bytes, mmap.PAGESIZE)
        needed = -(-column.chunk_bytes // column.row_bytes)
        self._stride = -(-needed // per_page) * per_page
        self._chunks, self._decoded = 0, 0
        self._range: AddressRange | None = None
        self._rows = np.empty((0, *column.shape), column.dtype)
        self._packed: dict[int, PackedChunk] = {}
        self.damages: list[Damage] = []

    def extend(self, rows: int) -> None:
        """Map the chunk files that hold the first `rows` rows; what is wrong with one is noted in `damages`."""
        chunks = -(-rows // self._column.rows)
        if chunks * self._place > (self._range.size if self._range else 0):
            self._reserve(max(2 * chunks, 8))
        for chunk in range(self._chunks, chunks):
            self._map(chunk)
        self._chunks = max(chunks, self._chunks)

    def take(self, rows: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """Copy `rows` (n,) into `out` (n, *shape), or a new array. The caller checks that they are committed.

        RobotRLError, naming the file, where one of them cannot be read.
        """
        packed = self._decode_touched(rows) if self._packed else []
        if self.damages:
            self._require_readable(rows)
        places = rows
        if self._stride != self._column.rows:
            places = rows // self._column.rows * self._stride + rows % self._column.rows
        found = gather(self._rows, places, out)
        for chunk in packed:
            self._decode_rows(chunk, rows, found)
        return found

    def unreadable(self, rows: np.ndarray) -> np.ndarray:
        """Mask (n,) of `rows` (n,) that lie in a damaged part of a file."""
        mask = np.zeros(len(rows), bool)
        for damage in self.damages:
            mask |= damage.covers(rows)
        return mask

    @property
    def _place(self) -> int:
        """Bytes of addresses of one chunk."""
        return self._stride * self._column.row_bytes

    def _reserve(self, chunks: int) -> None:
        """Move to a larger range, empty at first: decoded chunks are decoded again when they are touched again."""
        column, offset = self._column, len(self._column.header)
        self._range = AddressRange(chunks * self._place)
        count = (self._range.size - offset) // column.row_bytes
        self._rows = np.ndarray((count, *column.shape), column.dtype, buffer=np.asarray(self._range), offset=offset)
        self._packed.clear()
        self.damages.clear()
        self._cache.release(self._decoded)
        self._chunks, self._decoded = 0, 0

    def _map(self, chunk: int) -> None:
        path = self._column.chunk_path(self._store, chunk)
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            self._note(chunk, "is missing")
            return
        except OSError as error:
            raise RobotRLError(f"cannot open chunk '{path}': {error.strerror}: mend that and try again.") from error
        try:
            self._show(chunk, fd)
        except OSError as error:
            raise RobotRLError(f"cannot map chunk '{path}': {error.strerror}: raise the limit on maps.") from error
        finally:
            os.close(fd)

    def _show(self, chunk: int, fd: int) -> None:
        assert self._range is not None
        column, size, start = self._column, os.fstat(fd).st_size, chunk * self._place
        if size:
            self._range.show_file(start, min(size, column.chunk_bytes), fd)
        wrong = f"has {size} bytes, not {column.chunk_bytes}"
        stored = os.pread(fd, FRAME_HEADER, 0)[: len(column.header)] == column.header
        if size < column.chunk_bytes:
            if stored:
                self._note(chunk, wrong, max(size - len(column.header), 0) // column.row_bytes)
            else:
                self._show_packed(chunk, np.asarray(self._range)[start : start + size])
        elif not stored:  # the size tells that it is not compressed: its rows lie where they should
            self._note(chunk, "does not start with its header", column.rows)
        elif size > column.chunk_bytes:
            self._note(chunk, wrong, column.rows)

    def _show_packed(self, chunk: int, data: np.ndarray) -> None:
        try:
            packed = PackedChunk(data, self._column, self._cache)
        except ValueError as error:
            self._note(chunk, str(error))
            return
        self._packed[chunk] = packed
        if packed.cut:
            self._note(chunk, packed.cut, packed.whole_rows)

    def _note(self, chunk: int, what: str, start: int = 0, stop: int | None = None) -> None:
        """Note what is wrong with a chunk whose rows from `start` up to `stop` (its end) cannot be read for it."""
        first = chunk * self._column.rows
        path = self._column.chunk_path(self._store, chunk)
        end = first + (self._column.rows if stop is None else stop)
        self.damages.append(Damage(f"chunk '{path}' {what}", first + start, end))

    def _require_readable(self, rows: np.ndarray) -> None:
        for damage in self.damages:
            bad = rows[damage.covers(rows)]
            if len(bad):
                raise RobotRLError(f"row {bad[0]} of '{self._store}' cannot be read, {damage.what}: {REMEDY}.")

    def _decode_touched(self, rows: np.ndarray) -> list[int]:
        """Decode at their place the compressed chunks that `rows` lie in; returns those that stay compressed."""
        touched = [chunk for chunk in np.unique(rows // self._column.rows).tolist() if chunk in self._packed]
        return [chunk for chunk in touched if self._is_damaged(chunk) or not self._decode(chunk)]

    def _is_damaged(self, chunk: int) -> bool:
        first, stop = chunk * self._column.rows, (chunk + 1) * self._column.rows
        return any(damage.start < stop and first < damage.stop for damage in self.damages)

    def _decode(self, chunk: int) -> bool:
        """Decode a chunk at its place; False where the cache is full or, which is noted, some of it is damaged."""
        assert self._range is not None
        if not self._cache.claim(self._place):
            return False
        packed = self._packed[chunk]
        try:
            data = packed.decode()
        except ValueError:
            self._cache.release(self._place)
            for block in packed.damaged_blocks():
                self._note_block(chunk, block)
            return False
        self._range.show_copy(chunk * self._place, self._place, len(self._column.header), data)
        self._decoded += self._place
        del self._packed[chunk]
        return True

    def _decode_rows(self, chunk: int, rows: np.ndarray, out: np.ndarray) -> None:
        """Put those of `rows` that lie in a compressed chunk into their places in `out`."""
        packed = self._packed[chunk]
        mine = np.flatnonzero(rows // self._column.rows == chunk)
        block, within = np.divmod(rows[mine] % self._column.rows, packed.per_block)
        for number in np.unique(block).tolist():
            here = block == number
            try:
                out[mine[here]] = packed.decode_block(number)[within[here]]
            except ValueError:
                self._note_block(chunk, number)
                self._require_readable(rows)

    def _note_block(self, chunk: int, block: int) -> None:
        per_block = self._packed[chunk].per_block
        self._note(chunk, "cannot be decoded", block * per_block, (block + 1) * per_block)
