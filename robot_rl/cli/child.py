"""One node process of the supervisor: start, log file, end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO


class Child:
    """A process in a session of its own whose output goes straight into a log file.

    The file, and not a pipe, takes the output: a node never waits for a terminal or for the supervisor.
    """

    def __init__(
        self, command: Sequence[str], environ: Mapping[str, str], log: Path, terminal: bool, keys: bool = False
    ) -> None:
        """Start `command`; with `terminal` its standard output stays the supervisor's, with `keys` its input."""
        self._log = log
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as file:
            self._start = file.tell()
            self._process = subprocess.Popen(
                command,
                stdin=None if keys else subprocess.DEVNULL,
                stdout=None if terminal else file,
                stderr=file,
                env=dict(environ),
                start_new_session=True,
            )
        self._reader: IO[bytes] = log.open("rb")
        self._reader.seek(self._start)
        self._rest = b""
        self._began = time.monotonic()

    @property
    def pid(self) -> int:
        """Process number."""
        return self._process.pid

    def poll(self) -> int | None:
        """Exit code (negative: the signal that killed it), None while it runs; what it left running is killed."""
        if self._process.returncode is None and self._has_ended():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()
        return self._process.returncode

    def lived_s(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._began

    def new_lines(self) -> list[str]:
        """Complete lines written since the last call; after the end also an incomplete one."""
        data = self._rest + self._reader.read()
        *lines, self._rest = data.split(b"\n")
        if self._process.returncode is not None and self._rest:
            lines, self._rest = [*lines, self._rest], b""
        return [line.decode(errors="replace").rstrip("\r") for line in lines]

    def last_line(self) -> str:
        """The last line that is not empty, '' if there is none."""
        with self._log.open("rb") as file:
            file.seek(max(self._start, self._log.stat().st_size - 8192))
            lines = [line.strip() for line in file.read().decode(errors="replace").splitlines()]
        return next((line for line in reversed(lines) if line), "")

    def close(self) -> None:
        """Close the log reader."""
        self._reader.close()

    def _has_ended(self) -> bool:
        # Not reaped yet, so that the process group's number still is its own when it is killed.
        try:
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:
            return True
