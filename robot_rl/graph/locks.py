"""Locks that keep two graphs apart: one graph a ROS domain, one graph a run directory.

Advisory locks of the operating system (flock): they end with the last process that holds the file descriptor, so
nothing is left to clean up after a crash. The file's content only tells a person who holds it.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from robot_rl.core.errors import UsageError


class HeldLock:
    """A lock taken by `take`; inherited by the processes that get `fileno` passed."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def fileno(self) -> int:
        """The file descriptor that holds the lock."""
        return self._descriptor

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


def take_domain(domain: int, run: str) -> HeldLock:
    """Lock ROS domain `domain` for this user's graph in run directory `run`."""
    directory = Path(tempfile.gettempdir(), f"robot_rl-{os.getuid()}")
    directory.mkdir(mode=0o700, exist_ok=True)
    message = (
        f"ROS domain {domain} is in use by the graph of process {{pid}} (run '{{run}}'): "
        "stop it, or give another one with domain:=N."
    )
    return take(directory / f"domain-{domain}.lock", message, run=run)


def take_run(path: Path, run: str) -> HeldLock:
    """Lock the run directory whose lock file is `path`; its directory is made if missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    message = f"run '{run}' is in use by the graph of process {{pid}}: stop it, or give another one with run:=NAME."
    return take(path, message)


def domain_of(domain: int | None, environ: Mapping[str, str]) -> int:
    """The ROS domain in force: the argument's, else ROS_DOMAIN_ID, else 0; UsageError if that is no number."""
    if domain is not None:
        return domain
    text = environ.get("ROS_DOMAIN_ID") or "0"
    if not text.isdecimal():
        raise UsageError(f"ROS_DOMAIN_ID is '{text}', not a number: correct it or give domain:=N.")
    return int(text)


def _notes(descriptor: int) -> dict[str, str]:
    try:
        notes = json.loads(os.pread(descriptor, 4096, 0))
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in notes.items()} if isinstance(notes, dict) else {}
