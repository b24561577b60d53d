"""Chunk files of a store: preallocated, written whole."""

from __future__ import annotations

import os
from pathlib import Path

from robot_rl.core.errors import RobotRLError
from robot_rl.core.files import sync_directory
from robot_rl.replay.schema import Column


def open_chunk(store: Path, column: Column, chunk: int, *, continued: int, sync: bool) -> int:
    """Open a chunk file for writing, all its blocks reserved on the disk, and return its descriptor.

    Its first `continued` rows are committed and must be there already (RobotRLError if not): filling up what was cut
    off would hide that they are lost. Raises OSError when the disk is full; nothing that counts is touched then.
    """
    path = column.chunk_path(store, chunk)
    require_rows(path, column, continued)
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        if os.fstat(fd).st_size < column.chunk_bytes:
            os.posix_fallocate(fd, 0, column.chunk_bytes)
        if not continued:
            write_all(fd, column.header, 0)
            if sync:
                sync_directory(path.parent)
    except BaseException:
        os.close(fd)
        raise
    return fd


def require_rows(path: Path, column: Column, rows: int) -> None:
    """Raise RobotRLError unless the chunk file at `path` holds its first `rows` rows, uncompressed."""
    if rows and not _holds(path, column, rows):
        raise RobotRLError(
            f"chunk '{path}' is cut off or missing, the next row belongs behind its {rows} committed ones: "
            "restore it from a copy of the store, or write to another store."
        )


def _holds(path: Path, column: Column, rows: int) -> bool:
    try:
        with path.open("rb") as file:
            size, header = os.fstat(file.fileno()).st_size, file.read(len(column.header))
    except FileNotFoundError:
        return False
    # A file of full size is not compressed, whatever its header says.
    needed = len(header) + rows * column.row_bytes
    return size >= column.chunk_bytes or (header == column.header and size >= needed)


def write_all(fd: int, data: bytes | memoryview, offset: int) -> None:
    """Write all of `data` at `offset`; OSError when the disk refuses."""
    done = os.pwrite(fd, data, offset)
    while done < len(data):
        done += os.pwrite(fd, data[done:], offset + done)
