"""Frames at a steady rate from something that has no rate of its own."""

from __future__ import annotations

import time


class Pace:
    """Waits for the next of evenly spaced times; those that passed meanwhile are left out, not made up for."""

    def __init__(self, fps: float) -> None:
        self._period_s = 1.0 / fps
        self._begin = time.monotonic() - self._period_s
        self._number = 0

    def wait(self, timeout_s: float) -> int | None:
        """The number of the time that has come, None where none comes within `timeout_s`."""
        due = self._begin + (self._number + 1) * self._period_s
        wait_s = due - time.monotonic()
        if wait_s > timeout_s:
            time.sleep(timeout_s)
            return None
        time.sleep(max(wait_s, 0.0))
        self._number = max(self._number + 1, int((time.monotonic() - self._begin) / self._period_s))
        return self._number
