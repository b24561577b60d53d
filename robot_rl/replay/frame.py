"""Compressed image chunks: blosc frames that decode whole, or one block of rows at a time.

A frame (c-blosc 1) is a 16-byte header, one offset for each block, and the blocks. A block behind a header and an
offset of its own is a frame again: that decodes a single block with nothing but the public decoder.
"""

from __future__ import annotations

import functools
import struct
from types import ModuleType

import numpy as np

from robot_rl.replay.schema import FRAME_HEADER, FRAME_STRUCT

CODEC, LEVEL, BLOCK_BYTES = "zstd", 5, 1 << 16
"""Measured on rendered frames of the simulated arm: 16 times smaller, a row decoded in 50 us. Larger blocks pack up to
1.6 times better, cameras moving little between steps, but all of a block is decoded for one row of it."""
_STORED = 0x02
_OFFSET = struct.Struct("<i")


def compress(rows: np.ndarray) -> bytes:
    """Frame of `rows` (n, *shape) uint8 in blocks of whole rows, as many as `BLOCK_BYTES` takes and n is divided by."""
    row_bytes = rows[0].nbytes
    most = max(BLOCK_BYTES // row_bytes, 1)
    per_block = max(k for k in range(1, min(most, len(rows)) + 1) if len(rows) % k == 0)
    flat = np.ascontiguousarray(rows).reshape(-1)
    return bytes(_blosc().compress(flat, CODEC.encode(), LEVEL, 0, per_block * row_bytes, typesize=1))


class Frame:
    """A compressed frame in `data` (n,) uint8, which it refers to and never copies whole."""

    def __init__(self, data: np.ndarray) -> None:
        """Read the header; ValueError if that is none of a compressed frame."""
        if len(data) < FRAME_HEADER:
            raise ValueError("is shorter than a header")
        self._data = data
        self._head = FRAME_STRUCT.unpack(data[:FRAME_HEADER].tobytes())
        *_, flags, _, self.size, self.block_size, self.packed_size = self._head
        if flags & _STORED or not 0 < self.block_size <= self.size:
            raise ValueError("does not start with the header of a compressed frame")

    @property
    def blocks(self) -> int:
        """Number of blocks; all have `block_size` bytes when decoded, the last one what is left."""
        return -(-self.size // self.block_size)

    @property
    def blocks_inside(self) -> int:
        """Number of leading blocks that end inside of `data`: fewer than all where the file is cut off."""
        if len(self._data) >= self.packed_size:
            return self.blocks
        if len(self._data) < FRAME_HEADER + self.blocks * _OFFSET.size:
            return 0
        return int(np.argmin(np.append(self._offsets[1:] <= len(self._data), False)))

    def decode(self, out: np.ndarray) -> None:
        """Decode all blocks into `out`, contiguous uint8 of `size` bytes; ValueError if a block is damaged."""
        _decode(self._data[: self.packed_size], out)

    def decode_block(self, block: int, out: np.ndarray) -> None:
        """Decode block number `block` into the start of `out`, contiguous uint8; ValueError if it is damaged."""
        size = min(self.block_size, self.size - block * self.block_size)
        if size != self.block_size:
            raise ValueError("ends with a shorter block")
        start = int(self._offsets[block])
        following = self._offsets[self._offsets > start]
        stop = int(following.min()) if len(following) else self.packed_size
        body = self._data[max(start, 0) : stop].tobytes()
        packed = FRAME_HEADER + _OFFSET.size + len(body)
        head = FRAME_STRUCT.pack(*self._head[:4], size, size, packed)
        _decode(head + _OFFSET.pack(FRAME_HEADER + _OFFSET.size) + body, out[:size])

    @functools.cached_property
    def _offsets(self) -> np.ndarray:
        table = self._data[FRAME_HEADER : FRAME_HEADER + self.blocks * _OFFSET.size]
        return np.frombuffer(table.tobytes(), "<i4")


def _decode(frame: bytes | np.ndarray, out: np.ndarray) -> None:
    try:
        _blosc().decompress(frame, out)
    except (RuntimeError, ValueError) as error:
        raise ValueError("cannot be decoded") from error


@functools.cache
def _blosc() -> ModuleType:
    """blosc, one call in one thread: as zarr sets it, and so that no thread of it holds cores a robot needs."""
    from numcodecs import blosc

    blosc.use_threads = False
    module: ModuleType = blosc
    return module
