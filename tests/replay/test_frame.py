"""Compressed frames: whole, by blocks, damaged."""

from __future__ import annotations

import numpy as np
import pytest
from numcodecs.blosc import Blosc

from robot_rl.replay.frame import Frame, compress


def frames(rows: int = 12, size: int = 64, seed: int = 0) -> np.ndarray:
    """Images (rows, size, size, 3) of some noise on a gradient: compressible, no two alike."""
    noise = np.random.default_rng(seed).integers(0, 4, (rows, size, size, 3), dtype=np.uint8)
    return noise + np.arange(size, dtype=np.uint8)[:, None]


def test_whole_and_by_blocks() -> None:
    """Other decoders of blosc read it, and each block decodes to the rows it covers."""
    rows = frames()
    packed = compress(rows)
    assert len(packed) < rows.nbytes
    assert bytes(Blosc().decode(packed)) == rows.tobytes()
    frame = Frame(np.frombuffer(packed, np.uint8))
    whole = np.empty(rows.nbytes, np.uint8)
    frame.decode(whole)
    assert whole.tobytes() == rows.tobytes()
    assert (frame.size, frame.packed_size, frame.blocks) == (rows.nbytes, len(packed), 3), "4 rows of 12 KiB in 64 KiB"
    for block in reversed(range(3)):
        out = np.empty(frame.block_size, np.uint8)
        frame.decode_block(block, out)
        assert out.tobytes() == rows[4 * block : 4 * block + 4].tobytes()


@pytest.mark.parametrize(("rows", "size", "per_block"), [(7, 64, 1), (10, 64, 5), (3, 160, 1), (1, 8, 1), (9, 16, 9)])
def test_blocks_are_whole_rows(rows: int, size: int, per_block: int) -> None:
    frame = Frame(np.frombuffer(compress(frames(rows, size)), np.uint8))
    assert frame.block_size == per_block * size * size * 3
    assert frame.size % frame.block_size == 0


def test_blocks_of_a_frame_that_is_cut_off() -> None:
    packed = np.frombuffer(compress(frames()), np.uint8)
    starts = [int(np.frombuffer(packed[16 + 4 * k : 20 + 4 * k].tobytes(), "<i4")[0]) for k in range(3)]
    cuts = [20, 28, starts[1] - 1, starts[1], starts[2], len(packed) - 1, len(packed)]
    assert [Frame(packed[:cut]).blocks_inside for cut in cuts] == [0, 0, 0, 1, 2, 2, 3]


def test_what_is_no_compressed_frame_is_refused() -> None:
    stored = Blosc(cname="zstd", clevel=0).encode(frames())
    for data in (b"", b"\x02" * 15, bytes(16), bytes(stored), b"\xff" * 16):
        with pytest.raises(ValueError):
            Frame(np.frombuffer(data, np.uint8))


def test_a_damaged_block_is_an_error_and_the_others_decode() -> None:
    rows = frames()
    packed = np.frombuffer(compress(rows), np.uint8).copy()
    second = int(np.frombuffer(packed[20:24].tobytes(), "<i4")[0])
    packed[second + 4 : second + 12] ^= 0xFF
    frame = Frame(packed)
    with pytest.raises(ValueError, match="cannot be decoded"):
        frame.decode(np.empty(rows.nbytes, np.uint8))
    out = np.empty(frame.block_size, np.uint8)
    with pytest.raises(ValueError, match="cannot be decoded"):
        frame.decode_block(1, out)
    frame.decode_block(2, out)
    assert out.tobytes() == rows[8:].tobytes()


@pytest.mark.parametrize("offset", [-5, 3, 10**6, 2**31 - 1])
def test_offsets_that_lead_nowhere_are_an_error(offset: int) -> None:
    packed = np.frombuffer(compress(frames()), np.uint8).copy()
    packed[16:20] = np.frombuffer(np.int32(offset).tobytes(), np.uint8)
    frame = Frame(packed)
    with pytest.raises(ValueError, match="cannot be decoded"):
        frame.decode_block(0, np.empty(frame.block_size, np.uint8))
