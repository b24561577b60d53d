"""Advisory locks of the operating system (flock) on files.

They end with the last process that holds the file descriptor, so nothing is left to clean up after a crash. The file's
content only tells a person who holds it.
"""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

from robot_rl.core.errors import UsageError


class HeldLock:
    """A lock taken by `take`; inherited by the processes that get `fileno` passed."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def fileno(self) -> int:
        """The file descriptor that holds the lock."""
        return self._descriptor

    @property
    def held(self) -> bool:
        """True until `release`."""
        return self._descriptor >= 0

    def release(self) -> None:
        """Give up this process's hold; a second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def take(path: Path, message: str, **holder: str) -> HeldLock:
    """Lock `path` and note `holder` in it; UsageError with `message`, formatted with the holder's pid and notes."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        notes = {"pid": "unknown", **dict.fromkeys(holder, "unknown"), **_notes(descriptor)}
        os.close(descriptor)
        raise UsageError(message.format(**notes)) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps({"pid": str(os.getpid()), **holder}).encode(), 0)
    return HeldLock(descriptor)


def _notes(descriptor: int) -> dict[str, str]:
    try:
        notes = json.loads(os.pread(descriptor, 4096, 0))
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in notes.items()} if isinstance(notes, dict) else {}
