"""Lossless compression of the image chunks that are full, in place, also beside a writer and readers at work.

The one writer never touches a full chunk again. Its compressed frame, which the array's metadata needs no change for,
is written to a temporary file, flushed, and renamed over it: whoever opens the chunk finds the old or the new file,
whole, also after a kill or a power failure, and a reader that has mapped the old one keeps it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from robot_rl.core.errors import RobotRLError
from robot_rl.core.files import write_atomic
from robot_rl.core.lock import take
from robot_rl.replay.commit import commit_path, read_committed
from robot_rl.replay.frame import Frame, compress
from robot_rl.replay.schema import COMMIT, Column, Layout

COMPACTED = "replay store '{store}' is being compacted by process {{pid}}: wait for it to end."


@dataclass(frozen=True)
class Compaction:
    """What `compact` did: `chunks` full image chunks, of which it compressed `compressed`; bytes of all their files.

    `raw_bytes` is what their rows take uncompressed. `damaged` names chunk files that were left alone because they are
    neither whole nor compressed.
    """

    chunks: int
    compressed: int
    raw_bytes: int
    bytes_before: int
    bytes_after: int
    seconds: float
    damaged: tuple[str, ...]

    @property
    def ratio(self) -> float:
        """How many times smaller the rows of full chunks are than uncompressed; 1 where there are none."""
        return self.raw_bytes / self.bytes_after if self.bytes_after else 1.0


def compact(path: Path | str, progress: Callable[[int, int], None] = lambda done, total: None) -> Compaction:
    """Compress the store at `path`, calling `progress(chunks done, chunks)`; a second time does nothing more.

    Chunks that would not get smaller stay as they are. UsageError if there is no store or another process compacts it,
    RobotRLError when the disk refuses: then the store is as good as before, and what is compressed stays so.
    """
    store, started = Path(path), time.monotonic()
    layout = Layout.read(store)
    try:
        lock = take(store / COMMIT / "compact.lock", COMPACTED.format(store=store))
        try:
            _remove_leftovers(store, layout)
            chunks = _full_chunks(store, layout)
            sizes = []
            for done, (column, file) in enumerate(chunks):
                progress(done, len(chunks))
                sizes.append(_compact_chunk(column, file))
            progress(len(chunks), len(chunks))
        finally:
            lock.release()
    except OSError as error:
        raise RobotRLError(
            f"cannot compact the replay store '{store}': {error.strerror}; no row is lost: free space or mend it."
        ) from error
    sound = [(column, size) for (column, _), size in zip(chunks, sizes, strict=True) if size]
    return Compaction(
        chunks=len(chunks),
        compressed=sum(after < before for _, (before, after) in sound),
        raw_bytes=sum(column.chunk_bytes for column, _ in sound),
        bytes_before=sum(before for _, (before, _) in sound),
        bytes_after=sum(after for _, (_, after) in sound),
        seconds=round(time.monotonic() - started, 3),
        damaged=tuple(str(file) for (_, file), size in zip(chunks, sizes, strict=True) if not size),
    )


def _full_chunks(store: Path, layout: Layout) -> list[tuple[Column, Path]]:
    """Image chunks of which every row is committed."""
    fd = os.open(commit_path(store), os.O_RDONLY | os.O_CLOEXEC)
    try:
        committed = read_committed(fd, store)
    finally:
        os.close(fd)
    return [
        (column, column.chunk_path(store, chunk))
        for column in layout.columns
        if column.framed
        for chunk in range(committed // column.rows)
    ]


def _remove_leftovers(store: Path, layout: Layout) -> None:
    """Remove what a killed compactor did not get to rename; the writer's own temporary files have other names."""
    for column in layout.columns:
        for draft in (store / column.name).glob(".c.*.new"):
            draft.unlink()


def _compact_chunk(column: Column, file: Path) -> tuple[int, int] | None:
    """Bytes of a full chunk's file before and after compressing it; None where it is damaged, and left alone."""
    try:
        content = np.fromfile(file, np.uint8)
    except FileNotFoundError:
        return None
    size = len(content)
    if size != column.chunk_bytes or content[: len(column.header)].tobytes() != column.header:
        return (size, size) if _is_packed(column, content) else None
    rows = content[len(column.header) :].reshape(column.rows, *column.shape)
    packed = compress(rows)
    if len(packed) >= size:
        return size, size
    if not _decodes_to(rows, packed):
        raise RobotRLError(
            f"chunk '{file}' does not decode to its rows: it stays as it is; check this machine's memory."
        )
    write_atomic(file, packed, sync=True)
    return size, len(packed)


def _is_packed(column: Column, content: np.ndarray) -> bool:
    try:
        frame = Frame(content)
    except ValueError:
        return False
    return (frame.size, frame.packed_size) == (column.rows * column.row_bytes, len(content))


def _decodes_to(rows: np.ndarray, packed: bytes) -> bool:
    decoded = np.empty(rows.nbytes, np.uint8)
    try:
        Frame(np.frombuffer(packed, np.uint8)).decode(decoded)
    except ValueError:
        return False
    return np.array_equal(decoded, rows.reshape(-1))
