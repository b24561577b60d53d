"""Files that are replaced whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_atomic(path: Path, data: bytes, sync: bool = False) -> None:
    """Replace `path` by `data`: a reader, or whoever opens it after a kill, finds the old or the new content.

    With `sync` that holds after a power failure as well. OSError when the disk refuses; the old content stands then.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with draft.open("wb") as file:
            file.write(data)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    if sync:
        sync_directory(path.parent)


def write_json(path: Path, document: Mapping[str, Any], sync: bool = False) -> None:
    """Replace `path` by `document`, atomically."""
    write_atomic(path, (json.dumps(document, indent=1) + "\n").encode(), sync)


def sync_directory(path: Path) -> None:
    """Wait until the directory's entries are on the disk."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
