"""Chunk files of a store: preallocated, written whole."""

from __future__ import annotations

import os
from pathlib import Path

from robot_rl.core.errors import RobotRLError
from robot_rl.core.files import sync_directory
from robot_rl.replay.schema import Column


def open_chunk(store: Path, column: Column, chunk: int, *, continued: bool, sync: bool) -> int:
    """Open a chunk file for writing, all its blocks reserved on the disk, and return its descriptor.

    With `continued` the chunk holds committed rows and must be whole already (RobotRLError if not). Raises OSError
    when the disk is full; nothing that counts is touched then.
    """
    path = column.chunk_path(store, chunk)
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        if continued and os.fstat(fd).st_size != column.chunk_bytes:
            raise RobotRLError(f"chunk '{path}' is cut off: run `robot-rl replay verify` and restore it from a copy.")
        if not continued:
            os.posix_fallocate(fd, 0, column.chunk_bytes)
            write_all(fd, column.header, 0)
            if sync:
                sync_directory(path.parent)
    except BaseException:
        os.close(fd)
        raise
    return fd


def write_all(fd: int, data: bytes | memoryview, offset: int) -> None:
    """Write all of `data` at `offset`; OSError when the disk refuses."""
    done = os.pwrite(fd, data, offset)
    while done < len(data):
        done += os.pwrite(fd, data[done:], offset + done)
