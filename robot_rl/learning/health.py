"""Watches the figures of learning against what the rewards allow, and says loudly what is wrong with them.

Function approximation, bootstrapping and off-policy data together may diverge (Sutton and Barto 2018, ch. 11.3);
bounded rewards bound every return, so that divergence shows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from robot_rl.config.learning import HealthConfig, LearnerConfig, SACConfig

_MAX_ENTROPY = math.log(2.0)
"""Entropy [nat] of the uniform distribution over [-1, 1]."""


class Alarm(Enum):
    """What may be wrong; the value says it, and what helps."""

    NOT_FINITE = "a loss or weight was no finite number: look for outliers in rewards and proprioception"
    Q_HIGH = "Q is above every return that the rewards allow: lower the learning rate or utd, or take more critics"
    Q_LOW = "Q is below every return that the rewards allow: lower the learning rate or utd, or critic_subset"
    SPREAD = "the critics disagree by more than the rewards allow: lower utd or collect more data"
    GRADIENT = "the critics' gradient is very large: lower the learning rate and look for outliers in the data"
    ENTROPY = "the policy's entropy is far below its target: it explores no more, raise target_entropy"
    REWARD = "rewards are outside their range, so Q's bounds do not hold: set health.reward_low and reward_high"


@dataclass(frozen=True)
class Event:
    """An alarm as it began at update number `updates`; `text` says it in figures."""

    alarm: Alarm
    updates: int
    text: str


@dataclass(frozen=True)
class Bounds:
    """Lowest and highest return that the rewards allow."""

    low: float
    high: float

    @property
    def width(self) -> float:
        """Distance between them."""
        return self.high - self.low

    @classmethod
    def implied(cls, config: LearnerConfig) -> Bounds:
        """Bounds that follow from the range of rewards, the discount and what moving the gripper costs."""
        health, penalty = config.health, config.agent.gripper.penalty
        endless = 1.0 / (1.0 - config.discount) if config.discount < 1.0 else math.inf
        sums = 1.0 if health.reward_ends else endless
        low = _times(min(0.0, health.reward_low), sums) - _times(penalty, endless)
        return cls(low, _times(max(0.0, health.reward_high), sums))


class Health:
    """Smoothed figures of the updates against their limits, and the alarms that follow; no randomness, no clock.

    An alarm begins where a smoothed figure passes its limit and ends `window` updates after it last did. In the first
    `warmup` updates values are still those of the initial networks, and no limit holds.
    """

    def __init__(self, config: LearnerConfig, actions: int) -> None:
        """Watch a learner of `config` whose actions have `actions` entries."""
        self.config: HealthConfig = config.health
        self.bounds = Bounds.implied(config)
        self.counts = dict.fromkeys(Alarm, 0)
        """How often each alarm began."""
        agent = config.agent
        terms = 1.0 if config.health.reward_ends else sum(config.discount**k for k in range(config.n_step))
        low, high = config.health.reward_low, config.health.reward_high
        self._rewards = min(low, low * terms) - config.n_step * config.agent.gripper.penalty, max(high, high * terms)
        self._actions, self._discount = actions, config.discount
        self._backup_entropy = isinstance(agent, SACConfig) and agent.backup_entropy
        self._target = agent.target_entropy * actions if isinstance(agent, SACConfig) else 0.0
        self._seen = 0
        self._smooth: dict[str, float] = {}
        self._since: dict[Alarm, int] = {}
        self._events: list[Event] = []

    @property
    def active(self) -> tuple[Alarm, ...]:
        """Alarms that are on."""
        return tuple(self._since)

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong with the networks; rewards out of range say nothing about them."""
        return not self._since.keys() - {Alarm.REWARD}

    def check(self, metrics: Mapping[str, float], updates: int) -> None:
        """Take the metrics of the update number `updates`."""
        rate = 1.0 / self.config.window
        self._seen += 1
        for name in ("q_min", "q_max", "q_spread", "gradient_norm", "entropy"):
            if name in metrics:
                before = self._smooth.get(name, metrics[name])
                self._smooth[name] = before + rate * (metrics[name] - before)
        for alarm, text in self._wrong(metrics).items():
            self.raise_alarm(alarm, updates, text)
        self._since = {alarm: since for alarm, since in self._since.items() if updates - since < self.config.window}

    def raise_alarm(self, alarm: Alarm, updates: int, text: str) -> None:
        """Have `alarm` on, as of `updates`; an event where it was off."""
        if alarm not in self._since:
            self.counts[alarm] += 1
            self._events.append(Event(alarm, updates, text))
        self._since[alarm] = updates

    def forget(self) -> None:
        """Begin to smooth anew: other networks came back."""
        self._smooth.clear()
        self._seen = 0

    def take_events(self) -> list[Event]:
        """Events since the last call."""
        events, self._events = self._events, []
        return events

    def metrics(self) -> dict[str, float]:
        """1 for each alarm that is on, 0 for others, as `alarm_<name>`."""
        return {f"alarm_{alarm.name.lower()}": float(alarm in self._since) for alarm in Alarm}

    def state(self) -> dict[str, Any]:
        """What continues exactly, as JSON can hold it."""
        by_name = {alarm.name: since for alarm, since in self._since.items()}
        counts = {alarm.name: count for alarm, count in self.counts.items()}
        return {"seen": self._seen, "smooth": dict(self._smooth), "since": by_name, "counts": counts}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from a `state`."""
        self._seen, self._smooth = int(state["seen"]), dict(state["smooth"])
        self._since = {Alarm[name]: int(since) for name, since in state["since"].items()}
        self.counts = {alarm: int(state["counts"].get(alarm.name, 0)) for alarm in Alarm}

    def _wrong(self, metrics: Mapping[str, float]) -> dict[Alarm, str]:
        """What is beyond its limit now, in figures; where rewards are out of range, so is what follows from them."""
        config, bounds, smooth = self.config, self.bounds, self._smooth
        least, most = metrics.get("reward_min", 0.0), metrics.get("reward_max", 0.0)
        if least < self._rewards[0] or most > self._rewards[1]:
            allowed = f"[{self._rewards[0]:g}, {self._rewards[1]:g}]"
            return {Alarm.REWARD: f"rewards from {least:.3g} to {most:.3g}, allowed are {allowed}"}
        if self._seen <= config.warmup or Alarm.REWARD in self._since:
            return {}
        found, (low, high) = dict[Alarm, str](), self._limits(metrics)
        if smooth.get("q_max", high) > high:
            found[Alarm.Q_HIGH] = f"Q reaches {smooth['q_max']:.3g}, returns {bounds.high:.3g}"
        if smooth.get("q_min", low) < low:
            found[Alarm.Q_LOW] = f"Q falls to {smooth['q_min']:.3g}, returns to {bounds.low:.3g}"
        if smooth.get("q_spread", 0.0) > config.max_spread * bounds.width:
            found[Alarm.SPREAD] = f"the critics' values deviate by {smooth['q_spread']:.3g}"
        if 0.0 < config.max_gradient < smooth.get("gradient_norm", 0.0):
            found[Alarm.GRADIENT] = f"the critics' gradient has norm {smooth['gradient_norm']:.3g}"
        if smooth.get("entropy", math.inf) < self._target - config.entropy_margin * self._actions:
            found[Alarm.ENTROPY] = f"entropy is {smooth['entropy']:.3g} nat, its target {self._target:.3g}"
        return found

    def _limits(self, metrics: Mapping[str, float]) -> tuple[float, float]:
        """Between which values smoothed Q may be; with entropy in the targets it may fall without bound."""
        margin = self.config.q_margin * self.bounds.width
        if not self._backup_entropy:
            return self.bounds.low - margin, self.bounds.high + margin
        bonus = _times(metrics.get("alpha", 0.0) * self._actions * _MAX_ENTROPY, 1.0 / max(1.0 - self._discount, 1e-9))
        return -math.inf, self.bounds.high + bonus + margin


def _times(value: float, factor: float) -> float:
    """Product in which 0 times infinity is 0."""
    return value * factor if value else 0.0
