"""The writer's lock: an advisory lock of the operating system, which ends with the process that holds it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from robot_rl.core.errors import UsageError


class StoreLock:
    """Exclusive lock on a file, held from construction to `release` or the death of the process."""

    def __init__(self, path: Path) -> None:
        """Take the lock; raise UsageError naming the process that holds it."""
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(self._fd, 32, 0).decode(errors="replace").strip() or "unknown"
            os.close(self._fd)
            store = path.parent.parent
            raise UsageError(
                f"replay store '{store}' is being written by process {holder}: stop it or use another run name."
            ) from None
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    @property
    def held(self) -> bool:
        """True until `release`."""
        return self._fd >= 0

    def release(self) -> None:
        """Give the lock back; a second call does nothing."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
