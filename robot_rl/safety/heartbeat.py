"""An e-stop that must be heard: silence counts as set."""

from __future__ import annotations


class Heartbeat:
    """Times on a steady clock [ns]. `period_s` 0 means that none is needed; `silent` is as of the last `check`."""

    def __init__(self, period_s: float) -> None:
        self._period_ns = round(period_s * 1e9)
        self._heard_ns: int | None = None
        self.silent = self._period_ns > 0

    @property
    def begun(self) -> bool:
        """True where it was ever heard."""
        return self._heard_ns is not None

    def beat(self, now_ns: int) -> None:
        """It was heard."""
        self._heard_ns, self.silent = now_ns, False

    def check(self, now_ns: int) -> None:
        """Look whether it has been heard lately."""
        if self._period_ns:
            self.silent = self._heard_ns is None or now_ns - self._heard_ns > self._period_ns
