"""How soon a person's touch moves the robot, and whether taking over and giving back is felt: figures from commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from robot_rl.config.limits import LimitsConfig
from robot_rl.core.errors import RobotRLError

LATE = 1.5
"""Periods between two commands from which on one may be missing between them."""


@dataclass(frozen=True)
class Commands:
    """What was sent to the robot: times (N,) [ns] and joint positions (N, J) [rad]."""

    stamps: np.ndarray
    q: np.ndarray


@dataclass(frozen=True)
class Roughness:
    """The largest change between successive commands: shares of the joints' limits, and a position beyond them [rad].

    `unseen` changes are left out: so much time lies between the two commands that one may be missing.
    """

    velocity_share: float
    acceleration_share: float
    jump_rad: float
    unseen: int


def roughness(commands: Commands, period_s: float, limits: LimitsConfig, begin_ns: int, end_ns: int) -> Roughness:
    """Of the commands from `begin_ns` to `end_ns`, sent every `period_s`; RobotRLError where there are not three."""
    inside = (commands.stamps >= begin_ns) & (commands.stamps <= end_ns)
    if inside.sum() < 3:
        raise RobotRLError(f"only {inside.sum()} commands seen in {(end_ns - begin_ns) * 1e-9:.2f} s: see the logs.")
    steps = np.diff(commands.q[inside], axis=0)
    seen = np.diff(commands.stamps[inside]) < LATE * period_s * 1e9
    both = seen[1:] & seen[:-1]
    top, most = np.array(limits.velocity), np.array(limits.acceleration)
    velocities, changes = np.abs(steps[seen]) / period_s, np.abs(np.diff(steps, axis=0)[both]) / period_s**2
    return Roughness(
        float((velocities / top).max(initial=0.0)),
        float((changes / most).max(initial=0.0)),
        float(np.maximum(np.abs(steps[seen]) - top * period_s, 0.0).max(initial=0.0)),
        int((~seen).sum()),
    )


@dataclass(frozen=True)
class Handover:
    """One touch: times [s] from touch to the command that follows from it, from letting go to the arm's being told to
    rest, and from letting go to the policy's next command; and how rough the commands were at either.
    """

    touch_s: float
    rest_s: float
    back_s: float
    taking: Roughness
    giving: Roughness


def first_after(times: np.ndarray, begin: int) -> int | None:
    """The first of sorted `times` (N,) that is not before `begin`."""
    index = int(np.searchsorted(times, begin))
    return int(times[index]) if index < len(times) else None


def summary(handovers: Sequence[Handover], between: Roughness) -> dict[str, float]:
    """Percentiles of the times [ms], and the roughest of all hand-overs beside that of the commands `between` them."""
    figures: dict[str, float] = {"handovers": len(handovers)}
    for name in ("touch", "rest", "back"):
        times = np.array([getattr(one, f"{name}_s") for one in handovers]) * 1e3
        for label, share in (("p50", 50), ("p99", 99), ("max", 100)):
            figures[f"{name}_to_command_{label}_ms"] = round(float(np.percentile(times, share)), 2)
    for name in ("taking", "giving"):
        rough = [getattr(one, name) for one in handovers]
        figures[f"{name}_velocity_share_max"] = round(max(r.velocity_share for r in rough), 4)
        figures[f"{name}_acceleration_share_max"] = round(max(r.acceleration_share for r in rough), 4)
        figures[f"{name}_jump_rad"] = max(r.jump_rad for r in rough)
        figures[f"{name}_unseen"] = sum(r.unseen for r in rough)
    figures["otherwise_acceleration_share_max"] = round(between.acceleration_share, 4)
    return figures
