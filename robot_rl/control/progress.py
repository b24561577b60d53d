"""What a person wants to know while a graph runs, gathered from its topics and told in one line."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

WINDOW = 20
"""Episodes over which the success rate is taken."""


@dataclass
class Progress:
    """Running totals; `mode` is safety's, `state` the episodes'; `notice` says what a person should do, '' nothing;
    `helped` whether anybody ever intervened."""

    title: str
    episodes_wanted: int = 0
    budget_s: float = 0.0
    episodes: int = 0
    steps: int = 0
    mode: str = "starting"
    state: str = "starting"
    notice: str = ""
    helped: bool = False
    metrics: dict[str, float] = field(default_factory=dict)
    safety: Counter[str] = field(default_factory=Counter)
    _successes: deque[bool] = field(default_factory=lambda: deque(maxlen=WINDOW))
    _helped: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=WINDOW))
    _started: float = field(default_factory=time.monotonic)
    _marks: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=30))

    def add_episode(self, values: Mapping[str, float]) -> None:
        """Take the message of a finished episode (length, success, interventions)."""
        self.episodes += 1
        self.steps += int(values["length"])
        helped = values.get("interventions", 0.0)
        self._successes.append(values["success"] > 0 and not helped)
        self.helped |= helped > 0
        self._helped.append((values["length"], helped))
        self._marks.append((time.monotonic(), self.steps))

    @property
    def success_rate(self) -> float:
        """Unaided success of the last WINDOW episodes, 0 before the first."""
        return sum(self._successes) / len(self._successes) if self._successes else 0.0

    @property
    def intervention_rate(self) -> float:
        """Share of their steps in which a person acted in place of the policy."""
        steps = sum(length for length, _ in self._helped)
        return sum(helped for _, helped in self._helped) / steps if steps else 0.0

    @property
    def steps_per_s(self) -> float:
        """Steps per second over the last episodes."""
        if len(self._marks) < 2:
            return 0.0
        (t0, n0), (t1, n1) = self._marks[0], self._marks[-1]
        return (n1 - n0) / max(t1 - t0, 1e-6)

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start; the learner's own training clock where it reports one."""
        return self.metrics.get("wall_s", time.monotonic() - self._started)

    @property
    def left_s(self) -> float | None:
        """Seconds left at most, None where unknown."""
        if self.budget_s > 0:
            return max(0.0, self.budget_s - self.elapsed_s)
        if self.episodes_wanted and self.episodes:
            each = (time.monotonic() - self._started) / self.episodes
            return max(0.0, each * (self.episodes_wanted - self.episodes))
        return None

    def columns(self) -> dict[str, str]:
        """Label to text, in the order to show."""
        of = f"/{self.episodes_wanted}" if self.episodes_wanted else ""
        shown = {
            "episodes": f"{self.episodes}{of}",
            "success": f"{100 * self.success_rate:.0f} %",
            **({"by hand": f"{100 * self.intervention_rate:.0f} %"} if self.helped else {}),
            "steps": f"{self.steps}",
            "steps/s": f"{self.steps_per_s:.1f}",
        }
        for key, label, digits in (("updates", "updates", 0), ("updates_per_s", "updates/s", 1), ("utd", "UTD", 2)):
            if key in self.metrics:
                shown[label] = f"{self.metrics[key]:.{digits}f}"
        if "q_mean" in self.metrics:
            shown["Q"] = f"{self.metrics['q_mean']:.2f}"
        shown["safety events"] = str(sum(self.safety.values()))
        shown["robot"] = self.mode
        shown["episode is"] = self.state
        shown["time"] = clock(self.elapsed_s)
        if self.left_s is not None:
            shown["left"] = clock(self.left_s)
        return shown

    def line(self) -> str:
        """One plain line."""
        columns = "  ".join(f"{label} {text}" for label, text in self.columns().items())
        return f"{self.title}: {columns}" + (f"  {self.state}: {self.notice}" if self.notice else "")


def clock(seconds: float) -> str:
    """Seconds as m:ss.

    >>> clock(75.2)
    '1:15'
    """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
