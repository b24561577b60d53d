"""A device's clock mapped to the node's: the quickest transfers show how far they are apart."""

from __future__ import annotations

WINDOW_NS = 10_000_000_000
JUMP_NS = 1_000_000_000
"""A step of the device's clock (it was reset) beyond which everything is learned anew."""


class DeviceClock:
    """Offset of the node clock over a device's, from pairs of a device stamp and its arrival.

    A frame arrives some time after its stamp, by at least a constant that no one-way measurement can see; the smallest
    difference of the last 10 to 20 s is taken. So jitter and load of this computer do not shift stamps; a clock that
    runs slower by d ppm shifts them by up to 0.02 d ms.
    """

    def __init__(self) -> None:
        self._begin = 0
        self._least: int | None = None
        self._before: int | None = None
        self._last_ns = 0

    @property
    def offset_ns(self) -> int | None:
        """Node clock minus device clock [ns], None before the first frame."""
        known = [least for least in (self._least, self._before) if least is not None]
        return min(known) if known else None

    def stamp(self, device_ns: int, arrival_ns: int) -> int:
        """Node time [ns] of device time `device_ns` of a frame that came at `arrival_ns`; later than the last one."""
        difference, offset = arrival_ns - device_ns, self.offset_ns
        if offset is not None and abs(difference - offset) > JUMP_NS:
            self._least = self._before = None
        if self._least is None or arrival_ns - self._begin > WINDOW_NS:
            self._before, self._least, self._begin = self._least, difference, arrival_ns
        self._least = min(self._least, difference)
        offset = self.offset_ns
        assert offset is not None
        self._last_ns = min(max(device_ns + offset, self._last_ns + 1), max(arrival_ns, self._last_ns + 1))
        return self._last_ns
