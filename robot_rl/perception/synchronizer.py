"""Newest frame of every camera and the newest proprioception, or the reason why there is no observation."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from enum import Enum

import numpy as np

from robot_rl.core.observation import Observation
from robot_rl.core.spec import ObservationSpec

PROPRIO = "proprio"


class Absence(Enum):
    """Why a source gives no observation."""

    MISSING = "has sent nothing yet: check that its node or driver runs"
    STALE = "is older than the limit: check its cable, rate and load"
    FUTURE = "is stamped in the future: check that both clocks agree"


@dataclass(frozen=True)
class Missing:
    """A source without usable data, why, and its age [s] where there is one."""

    source: str
    absence: Absence
    age: float = 0.0

    def __str__(self) -> str:
        age = f" ({self.age:.3f} s)" if self.absence is not Absence.MISSING else ""
        return f"source '{self.source}'{age} {self.absence.value}."


class Synchronizer:
    """Holds the newest value of each source and joins them into an observation.

    An old value is never used: a source older than `max_age_s` (or missing, or stamped more than `tolerance_s` in
    the future) gives a `Missing`, which is counted by source and kind in `counts`. The same holds for each of
    `beside`: sources whose values are kept elsewhere and which are no part of the observation.
    """

    def __init__(
        self, spec: ObservationSpec, max_age_s: float, tolerance_s: float = 0.02, beside: tuple[str, ...] = ()
    ) -> None:
        self.spec, self._beside = spec, beside
        self.counts: Counter[tuple[str, Absence]] = Counter()
        self._max_age_ns = round(max_age_s * 1e9)
        self._tolerance_ns = round(tolerance_s * 1e9)
        self._images: dict[str, np.ndarray] = {}
        self._proprio = np.zeros(0, np.float32)
        self._stamps: dict[str, int] = {}

    @property
    def sources(self) -> tuple[str, ...]:
        """Cameras, then 'proprio'."""
        return (*self.spec.cameras, PROPRIO)

    def add_image(self, camera: str, stamp_ns: int, image: np.ndarray) -> None:
        """Keep `image`, uint8 (H, W, 3), unless a newer one is held; raise SchemaError on another shape."""
        self.spec.check_image(camera, image)
        if stamp_ns >= self._stamps.get(camera, stamp_ns):
            self._images[camera], self._stamps[camera] = image, stamp_ns

    def add_proprio(self, stamp_ns: int, vector: np.ndarray) -> None:
        """Keep `vector` (P,) unless a newer one is held; raise SchemaError where it is not P finite numbers."""
        vector = self.spec.check_proprio(vector)
        if stamp_ns >= self._stamps.get(PROPRIO, stamp_ns):
            self._proprio, self._stamps[PROPRIO] = vector, stamp_ns

    def heard(self, source: str, stamp_ns: int) -> None:
        """Take note that one of `beside` has sent something."""
        self._stamps[source] = max(stamp_ns, self._stamps.get(source, stamp_ns))

    def common_stamp(self) -> int | None:
        """The stamp [ns] that all sources share, or None: in lockstep one stamp marks one observation."""
        stamps = {self._stamps.get(source, -1) for source in self.sources}
        stamp = stamps.pop() if len(stamps) == 1 else -1
        return None if stamp < 0 else stamp

    def oldest_stamp(self) -> int:
        """Stamp [ns] of the source whose newest value is oldest; -1 where one has sent nothing."""
        return min(self._stamps.get(source, -1) for source in self.sources)

    def ages(self, now_ns: int) -> dict[str, float]:
        """Age [s] at `now_ns` of the newest value of each source, also of those beside; infinite where none came."""
        names = (*self.sources, *self._beside)
        return {n: (now_ns - self._stamps[n]) * 1e-9 if n in self._stamps else math.inf for n in names}

    def observe(self, now_ns: int) -> Observation | Missing:
        """Join the newest values as seen at `now_ns`, or say which source prevents it."""
        missing = self.missing(now_ns)
        if missing is not None:
            self.counts[missing.source, missing.absence] += 1
            return missing
        ages = tuple(max(0.0, (now_ns - self._stamps[source]) * 1e-9) for source in self.sources)
        return Observation(now_ns, dict(self._images), self._proprio, ages)

    def missing(self, now_ns: int) -> Missing | None:
        """The first source without usable data at `now_ns`, None where all have some."""
        for source in (*self.sources, *self._beside):
            stamp = self._stamps.get(source)
            age_ns = 0 if stamp is None else now_ns - stamp
            absence = self._judge(stamp, age_ns)
            if absence is not None:
                return Missing(source, absence, age_ns * 1e-9)
        return None

    def _judge(self, stamp: int | None, age_ns: int) -> Absence | None:
        if stamp is None:
            return Absence.MISSING
        if age_ns > self._max_age_ns:
            return Absence.STALE
        return Absence.FUTURE if age_ns < -self._tolerance_ns else None
