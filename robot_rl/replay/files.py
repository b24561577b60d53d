"""Files of a store: atomic metadata, preallocated chunk files, whole writes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from robot_rl.core.errors import RobotRLError
from robot_rl.replay.schema import Column


def write_atomic(path: Path, data: bytes, sync: bool = False) -> None:
    """Replace `path` by `data`: a reader, or whoever opens it after a crash, finds the old or the new content."""
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as file:
        file.write(data)
        if sync:
            file.flush()
            os.fsync(file.fileno())
    temporary.replace(path)
    if sync:
        sync_directory(path.parent)


def write_json(path: Path, document: dict[str, Any], sync: bool = False) -> None:
    """Replace `path` by `document`, atomically."""
    write_atomic(path, json.dumps(document, indent=1).encode(), sync)


def sync_directory(path: Path) -> None:
    """Wait until the directory's entries are on the disk."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


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
