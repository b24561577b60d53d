"""Compressed chunks while they are read: rows out of a frame, and the memory that decoded ones may take."""

from __future__ import annotations

import numpy as np

from robot_rl.replay.frame import Frame
from robot_rl.replay.schema import Column


class DecodeCache:
    """Counts the memory of decoded chunks of all columns of a reader, at most `size` bytes; lends a buffer besides.

    Nothing is evicted: where rows are drawn evenly, a chunk that is in is worth as much as one that would replace it.
    """

    def __init__(self, size: int) -> None:
        self.size, self.used = size, 0
        self._buffer = np.empty(0, np.uint8)

    def claim(self, size: int) -> bool:
        """Count `size` bytes as used; False, and nothing counted, where they are not left."""
        fits = self.used + size <= self.size
        self.used += size if fits else 0
        return fits

    def release(self, size: int) -> None:
        """Give back `size` claimed bytes."""
        self.used -= size

    def buffer(self, size: int) -> np.ndarray:
        """Scratch memory (size,) uint8 until the next call."""
        if len(self._buffer) < size:
            self._buffer = np.empty(size, np.uint8)
        return self._buffer[:size]


class PackedChunk:
    """A chunk of a column in a compressed frame, seen as blocks of `per_block` rows."""

    def __init__(self, data: np.ndarray, column: Column, cache: DecodeCache) -> None:
        """Take the chunk file's content (n,) uint8, which stays where it is; ValueError if it cannot be a frame."""
        self._frame, self._column, self._cache = Frame(data), column, cache
        block, size = self._frame.block_size, column.rows * column.row_bytes
        if self._frame.size != size or self._frame.packed_size < len(data):
            raise ValueError("does not start with the header of its rows' frame")
        # Other writers than `compact` may cut blocks elsewhere than between rows: then all is one block.
        self._by_rows = block % column.row_bytes == 0 and size % block == 0
        self.per_block = block // column.row_bytes if self._by_rows else column.rows
        missing = self._frame.packed_size - len(data)
        self.cut = f"has {len(data)} bytes, not {self._frame.packed_size}" if missing else ""

    @property
    def whole_rows(self) -> int:
        """Number of leading rows that the file holds whole: fewer than all where it is cut off."""
        if not self.cut:
            return self._column.rows
        return self._frame.blocks_inside * self.per_block if self._by_rows else 0

    def decode(self) -> np.ndarray:
        """All rows, as bytes in the cache's buffer; ValueError if any is damaged."""
        out = self._cache.buffer(self._frame.size)
        self._frame.decode(out)
        return out

    def decode_block(self, block: int) -> np.ndarray:
        """Rows (per_block, *shape) of a block, in the cache's buffer; ValueError if it is damaged."""
        if self._by_rows:
            out = self._cache.buffer(self._frame.block_size)
            self._frame.decode_block(block, out)
        else:
            out = self.decode()
        return out.view(self._column.dtype).reshape(self.per_block, *self._column.shape)

    def damaged_blocks(self) -> list[int]:
        """Blocks that cannot be decoded."""
        return [block for block in range(self._column.rows // self.per_block) if not self._decodes(block)]

    def _decodes(self, block: int) -> bool:
        try:
            self.decode_block(block)
        except ValueError:
            return False
        return True
