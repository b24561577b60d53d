"""What a person wants to know while a graph runs, gathered from its topics and told in one line."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from robot_rl.control.vitals import Vitals

WINDOW = 20
"""Episodes over which the success rate is taken."""


@dataclass
class Progress:
    """Running totals; `mode` is safety's, `state` the episodes'; `notice` says what a person should do, '' nothing;
    `helped` whether anybody ever intervened; `device` what is wrong with the teleoperation device.

    `choices` is what a person can ask for now and what that does, `keys` by which key or button; `countdown` the
    seconds until the next episode begins, 0 for none; `discarded` how many a person threw away. Of `episodes`,
    `counted` count towards `episodes_wanted`: with `discard_failures` successes alone.
    """

    title: str
    episodes_wanted: int = 0
    budget_s: float = 0.0
    discard_failures: bool = False
    episodes: int = 0
    counted: int = 0
    steps: int = 0
    mode: str = "starting"
    state: str = "starting"
    notice: str = ""
    why: str = ""
    device: str = ""
    helped: bool = False
    countdown: int = 0
    discarded: int = 0
    choices: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    vitals: Vitals = field(default_factory=lambda: Vitals({}))
    actions: Actions = field(default_factory=lambda: Actions())
    metrics: dict[str, float] = field(default_factory=dict)
    safety: Counter[str] = field(default_factory=Counter)
    _successes: deque[bool] = field(default_factory=lambda: deque(maxlen=WINDOW))
    _helped: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=WINDOW))
    _started: float = field(default_factory=time.monotonic)
    _marks: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=30))

    def add_episode(self, values: Mapping[str, float]) -> None:
        """Take the message of a finished episode (length, success, interventions)."""
        self.episodes += 1
        self.counted += values["success"] > 0 or not self.discard_failures
        self.steps += int(values["length"])
        helped = values.get("interventions", 0.0)
        self._successes.append(values["success"] > 0 and not helped)
        self.helped |= helped > 0
        self._helped.append((values["length"], helped))
        self._marks.append((time.monotonic(), self.steps))

    def take_state(self, values: Mapping[str, str]) -> None:
        """Take the values of `episode/state`."""
        self.state, self.why = values.get("state", "?"), values.get("why", "")
        self.countdown, self.discarded = int(values.get("countdown", 0)), int(values.get("discarded", 0))
        self.choices = {key.removeprefix("can "): does for key, does in values.items() if key.startswith("can ")}

    @property
    def number(self) -> int:
        """Number, of those that count, of the episode that runs or comes next, from 1; at the end, of the last one."""
        return min(self.counted + 1, self.episodes_wanted or self.counted + 1)

    @property
    def failed(self) -> int:
        """Episodes that do not count."""
        return self.episodes - self.counted

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
        if self.episodes_wanted and self.counted:
            each = (time.monotonic() - self._started) / self.counted
            return max(0.0, each * (self.episodes_wanted - self.counted))
        return None

    @property
    def call(self) -> str:
        """What a person who demonstrates must hear at once: the countdown, or what is waited for; '' for nothing."""
        of = f" of {self.episodes_wanted}" if self.episodes_wanted else ""
        if self.countdown:
            return f"episode {self.number}{of} begins in {self.countdown}"
        return self.asks if "start" in self.choices else ""

    @property
    def asks(self) -> str:
        """What a person can ask for now, by which key, and what that does."""
        return " · ".join(self.ways)

    @property
    def ways(self) -> list[str]:
        """The parts of `asks`, one a choice."""
        keys = {verb: f" [{key}]" for verb, key in self.keys.items()}
        return [f"{verb}{keys.get(verb, '')}: {does}" for verb, does in self.choices.items()]

    def columns(self) -> dict[str, str]:
        """Label to text, in the order to show."""
        of = f"/{self.episodes_wanted}" if self.episodes_wanted else ""
        shown = {
            "episodes": f"{self.counted}{of}",
            **({"failed": str(self.failed)} if self.failed else {}),
            "success": f"{100 * self.success_rate:.0f} %",
            **({"by hand": f"{100 * self.intervention_rate:.0f} %"} if self.helped else {}),
            **({"discarded": str(self.discarded)} if self.discarded else {}),
            "steps": f"{self.steps}",
            "steps/s": f"{self.steps_per_s:.1f}",
        }
        shown |= self.learner()
        shown["safety events"] = str(sum(self.safety.values()))
        shown["robot"] = self.mode
        shown["episode is"] = self.state
        shown["time"] = clock(self.elapsed_s)
        if self.left_s is not None:
            shown["left"] = clock(self.left_s)
        return shown

    def learner(self) -> dict[str, str]:
        """What the learner reports, label to text."""
        wanted = (("updates", "updates", 0), ("updates_per_s", "updates/s", 1), ("utd", "UTD", 2), ("q_mean", "Q", 2))
        return {label: f"{self.metrics[key]:.{digits}f}" for key, label, digits in wanted if key in self.metrics}

    def line(self) -> str:
        """One plain line."""
        columns = "  ".join(f"{label} {text}" for label, text in self.columns().items())
        troubles = self.vitals.troubles if self.mode != "starting" else []  # nobody is late who has yet to come
        trouble = "".join(f"  ! {text}" for text in (*troubles, self.device) if text)
        return f"{self.title}: {columns}{trouble}" + (f"  {self.state}: {self.notice}" if self.notice else "")


class Actions:
    """The newest executed actions: who chose them, how many a second, how late."""

    def __init__(self) -> None:
        self.source = ""
        self._times: deque[float] = deque(maxlen=50)
        self._latencies: deque[float] = deque(maxlen=50)

    def add(self, source: str, latency_s: float) -> None:
        """Take an executed action, now."""
        self.source = source.lower()
        self._times.append(time.monotonic())
        self._latencies.append(latency_s)

    @property
    def rate_hz(self) -> float:
        """Actions a second of wall time while an episode runs, 0 where none came lately."""
        if len(self._times) < 2 or time.monotonic() - self._times[-1] > 1.0:
            return 0.0
        gaps = sorted(after - before for before, after in zip(self._times, list(self._times)[1:], strict=False))
        return 1.0 / max(gaps[len(gaps) // 2], 1e-6)

    @property
    def latency_s(self) -> float:
        """Longest time from observation to command among them [s]."""
        return max(self._latencies, default=0.0)


def clock(seconds: float) -> str:
    """Seconds as m:ss.

    >>> clock(75.2)
    '1:15'
    """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
