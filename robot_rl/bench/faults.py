"""What a fault of one source may lead to, and whether it did: limits from the configuration, standstill from states.

A source is good until its newest message. From then on its data may be used until its age limit is over, and the last
action that was chosen from it stays in force until safety's; then the arm brakes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from robot_rl.core.errors import unknown_name

How = Literal["kill", "stop", "freeze"]
STILL = 0.01
"""Joint speed [rad/s] of an arm that stands."""
REST_S = 0.2
"""Time for which it must stand to have come to a standstill [s]."""
REST_STATES = 5
"""States that must say so: a simulator that was held up has not stood."""
LATE_S = 0.1
"""Time without joint states of the simulator [s], by which the machine has not kept up."""


@dataclass(frozen=True)
class Fault:
    """One way in which one source falls silent: `process` gets SIGKILL or SIGSTOP, or repeats its last message.

    `topic` is what the source is known by; `guard` names the age limits, of `AgeLimits`, that then stop the arm.
    """

    name: str
    process: str
    how: How
    topic: str
    guard: str
    graph: str = "learn"


def _both(name: str, process: str, topic: str, guard: str, graph: str = "learn") -> tuple[Fault, Fault]:
    kill = Fault(f"{name}_kill", process, "kill", topic, guard, graph)
    return kill, Fault(f"{name}_stop", process, "stop", topic, guard, graph)


CAMERA, CAMERA_RELAY, JOINTS_RELAY = "front", "camera_driver", "joints_driver"
FAULTS = (
    *_both("policy", "policy", "action/policy", "action"),
    *_both("camera", CAMERA_RELAY, f"camera/{CAMERA}/image", "observation"),
    *_both("proprio", "proprio", "proprio", "observation"),
    *_both("reward", "reward", "reward", "observation"),
    Fault("joint_states_silent", JOINTS_RELAY, "stop", "joint_states", "state"),
    Fault("joint_states_frozen", JOINTS_RELAY, "freeze", "joint_states", "state"),
    Fault("safety_kill", "safety", "kill", "command", "driver"),
    *_both("learner", "learner", "learner/status", "backlog"),
    *_both("teleop", "teleop", "action/teleop", "action", "demo"),
)


def chosen(names: str) -> tuple[Fault, ...]:
    """The faults of a comma-separated list, '' for all; UsageError for one that is not there."""
    known = {fault.name: fault for fault in FAULTS}
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    for name in wanted:
        if name not in known:
            raise unknown_name("case", name, known)
    return tuple(known[name] for name in wanted) if wanted else FAULTS


@dataclass(frozen=True)
class AgeLimits:
    """How long [s] old data may move the arm, from a graph's parameters."""

    action: float
    """An action, since the observation it answers: a control period and safety's age limit."""
    observation: float
    """A source of observations: until the last action is chosen from it, and that action's own time."""
    state: float
    """Joint states."""
    driver: float
    """A command, for the driver."""

    @classmethod
    def of(cls, safety: dict[str, Any], policy: dict[str, Any], command_hz: float, driver_s: float) -> AgeLimits:
        """From the parameters of both nodes, the rate of commands and the driver's time-out [s].

        What is watched on a tick is noticed up to a tick of commands later.
        """
        tick = 1.0 / command_hz
        action = 1.0 / safety["rate_hz"] + safety["max_action_age_s"] + tick
        return cls(action, policy["max_age_s"] + action, safety["max_state_age_s"] + tick, driver_s + tick)


def braking_s(speeds: np.ndarray, acceleration: ArrayLike, lag: ArrayLike, tick: float) -> float:
    """Longest time [s] to standstill for an arm that was nowhere faster than in `speeds` (N, J) [rad/s].

    Every joint brakes at its `acceleration` (J,) [rad/s^2], as safety does (the jerk limit does not hold for stops),
    in whole ticks [s]; then its servo, of time constant `lag` (J,) [s], settles from that speed to STILL.
    """
    fastest = np.abs(speeds).max(axis=0, initial=0.0)
    settling = np.asarray(lag) * np.log(np.maximum(fastest / STILL, 1.0))
    return float((fastest / np.asarray(acceleration) + settling).max() + tick)


@dataclass(frozen=True)
class Stop:
    """When an arm came to a standstill, and when it last moved, before or after that [s after the last good data].

    `standstill_s` is None for one that never stood.
    """

    standstill_s: float | None
    last_motion_s: float

    @property
    def moved_again(self) -> bool:
        """Whether it moved after its standstill."""
        return self.standstill_s is not None and self.last_motion_s > self.standstill_s


def find_stop(stamps_ns: np.ndarray, speeds: np.ndarray, good_ns: int, limit_s: float, until_ns: int) -> Stop:
    """The first stretch of REST_S without motion after `good_ns`, in states of (N,) [ns] and (N, J) [rad/s].

    Any joint faster than STILL is motion. A rest that is over before the age limit [s] is none: the source may still
    act. What happens after `until_ns`, where the source is brought back, is not looked at, and a stretch that
    `until_ns` cuts short does not count.
    """
    watched = (stamps_ns > good_ns) & (stamps_ns <= until_ns)
    stamps, moving = stamps_ns[watched], (np.abs(speeds[watched]) > STILL).any(axis=1)
    edges = np.concatenate([[good_ns], stamps[moving], [until_ns]])
    seen = np.diff(np.searchsorted(stamps, edges, side="right")) - np.append(np.ones(len(edges) - 2, int), 0)
    rests = (np.diff(edges) >= REST_S * 1e9) & (seen >= REST_STATES) & (edges[1:] > good_ns + limit_s * 1e9)
    after_s = (edges - good_ns) * 1e-9
    return Stop(float(after_s[np.argmax(rests)]) if rests.any() else None, float(after_s[-2]))


def longest_gap(stamps_ns: np.ndarray, since_ns: int, until_ns: int) -> float:
    """Longest time [s] without any of `stamps_ns` (N,) [ns] between the two instants."""
    inside = stamps_ns[(stamps_ns > since_ns) & (stamps_ns < until_ns)]
    return float(np.diff([since_ns, *inside, until_ns]).max()) * 1e-9


def find_hold(stamps_ns: np.ndarray, speeds: np.ndarray, good_ns: int, held_ns: int) -> Stop:
    """The last motion before `held_ns`, by which the arm was seen to be held, and the last one of all."""
    moving = (stamps_ns[(np.abs(speeds) > STILL).any(axis=1)] - good_ns) * 1e-9
    before = moving[moving <= (held_ns - good_ns) * 1e-9]
    return Stop(float(before.max(initial=0.0)), float(moving.max(initial=0.0)))


@dataclass(frozen=True)
class Trial:
    """One repeat: the stop, and the age limit and braking time [s] that bound it. For the learner, limits in steps.

    `late_s` is the longest time between two joint states of the simulator [s].
    """

    stop: Stop
    limit_s: float
    braking_s: float
    late_s: float = 0.0
    steps: int = 0
    limit_steps: int = 0

    @property
    def disturbed(self) -> bool:
        """Whether the machine did not keep up, so that the repeat says nothing of the graph."""
        return self.late_s > LATE_S

    def within(self) -> bool:
        """Whether the arm stood in time."""
        if self.limit_steps:
            return self.stop.standstill_s is not None and self.steps <= self.limit_steps
        stood = self.stop.standstill_s
        return stood is not None and stood <= self.limit_s + self.braking_s


def summary(trials: Sequence[Trial]) -> dict[str, Any]:
    """Figures of one case; times in s, `braking_s` the longest of its bounds.

    They are those of the repeats that were not disturbed, where there is one.
    """
    every, trials = trials, [trial for trial in trials if not trial.disturbed] or trials
    times = [trial.stop.standstill_s for trial in trials if trial.stop.standstill_s is not None]
    figures: dict[str, Any] = {
        "repeats": len(trials),
        "standstill_p50_s": round(float(np.median(times)), 3) if times else None,
        "standstill_max_s": round(max(times), 3) if times else None,
        "limit_s": round(trials[0].limit_s, 3),
        "braking_s": round(max(trial.braking_s for trial in trials), 3),
        "within": sum(trial.within() for trial in trials),
        "last_motion_max_s": round(max(trial.stop.last_motion_s for trial in trials), 3),
        "never_stood": len(trials) - len(times),
        "moved_again": sum(trial.stop.moved_again for trial in trials),
    }
    if len(every) > len(trials):
        figures["disturbed"] = len(every) - len(trials)
    if trials[0].limit_steps:
        figures |= {"steps_max": max(trial.steps for trial in trials), "limit_steps": trials[0].limit_steps}
    return figures
