"""How fresh what the policy sees is: ages and rates of its sources, as they travel in diagnostics. No ROS."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

SLOW = 0.8
"""Share of the control rate below which a source is too slow: a second may hold one message less than it should."""

AHEAD_S = 0.1
"""How far a stamp may lie in the future: what is younger than the report has a small negative age."""


@dataclass(frozen=True)
class Vitals:
    """Age [s] (infinite: never heard) and rate [Hz] of each source, and the limits that they should keep.

    `max_age_s`: an older source gives no observation; `min_rate_hz`: 0 where time stands still between observations.
    """

    sources: Mapping[str, tuple[float, float]]
    max_age_s: float = math.inf
    min_rate_hz: float = 0.0

    def values(self) -> dict[str, object]:
        """As key-value pairs of a diagnostic status; the inverse of `from_values`."""
        pairs: dict[str, object] = {"max_age_s": f"{self.max_age_s:g}", "min_rate_hz": f"{self.min_rate_hz:g}"}
        for name, (age, rate) in self.sources.items():
            pairs |= {f"age {name}": f"{age:.4f}", f"rate {name}": f"{rate:.1f}"}
        return pairs

    @classmethod
    def from_values(cls, values: Mapping[str, str]) -> Self:
        """From a diagnostic status's pairs; KeyError or ValueError where they are not those of `values`."""
        names = [key.removeprefix("age ") for key in values if key.startswith("age ")]
        sources = {name: (float(values[f"age {name}"]), float(values[f"rate {name}"])) for name in names}
        return cls(sources, float(values["max_age_s"]), float(values["min_rate_hz"]))

    def trouble(self, name: str) -> str:
        """What is wrong with a source, in a few words, or ''."""
        age, rate = self.sources[name]
        if math.isinf(age):
            return "silent"
        if age > self.max_age_s:
            return f"{age:.2f} s old"
        if age < -AHEAD_S and self.min_rate_hz:
            return f"stamped {-age:.2f} s ahead"
        return f"only {rate:.1f} Hz" if rate < SLOW * self.min_rate_hz else ""

    @property
    def troubles(self) -> list[str]:
        """What is wrong, one phrase a source."""
        return [f"{name} {trouble}" for name in self.sources if (trouble := self.trouble(name))]
