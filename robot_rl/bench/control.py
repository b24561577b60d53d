"""Figures of the control loop, from what a running graph wrote into replay."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from robot_rl.core.errors import RobotRLError
from robot_rl.replay.reader import ReplayReader
from robot_rl.safety.tick_times import period_figures

MISSED = 1.5
"""A period longer than this many nominal ones counts as missed ticks."""


def control_figures(reader: ReplayReader, rate_hz: float, warm_up: int = 20) -> dict[str, float]:
    """Rate, period and observation-to-command latency percentiles of all steps after the first `warm_up`.

    Periods are differences between the stamps of successive observations of one episode; latency is the time from an
    observation's stamp to the first robot command of its action, as the safety node measured it. A period of k
    nominal ones is k - 1 missed ticks. Raises RobotRLError where too few steps were recorded.
    """
    rows = np.arange(warm_up, max(warm_up, len(reader)))
    if len(rows) < 20:
        raise RobotRLError(f"only {len(reader)} steps were recorded: let the benchmark run longer.")
    stamps, first, last = (reader.take(name, rows) for name in ("stamp_ns", "is_first", "is_last"))
    inside = first[1:] == 0
    periods_ms = (np.diff(stamps) * 1e-6)[inside]
    latency_ms = reader.take("latency", rows)[last == 0] * 1e3
    nominal = 1e3 / rate_hz
    return {
        "steps": len(rows),
        "rate_hz": round(1e3 / float(np.mean(periods_ms)), 3),
        "period_p50_ms": round(float(np.percentile(periods_ms, 50)), 3),
        "period_p99_ms": round(float(np.percentile(periods_ms, 99)), 3),
        "obs_to_command_p50_ms": round(float(np.percentile(latency_ms, 50)), 3),
        "obs_to_command_p99_ms": round(float(np.percentile(latency_ms, 99)), 3),
        "missed_ticks": int(
            np.sum(np.maximum(np.round(periods_ms / nominal) - 1, 0) * (periods_ms > MISSED * nominal))
        ),
    }


def camera_figures(reader: ReplayReader, cameras: Sequence[str], warm_up: int = 20) -> dict[str, float]:
    """Milliseconds from a camera's picture to the first robot command of the action, by stage and camera.

    `<camera>_to_obs` is from capture to the observation that used the picture (its exposure to its arrival at the
    policy, and its wait for the tick); the rest is from observation to command: the policy, the transport, safety.
    Over all steps after the first `warm_up` that were acted on.
    """
    rows = np.arange(warm_up, max(warm_up, len(reader)))
    rows = rows[reader.take("is_last", rows) == 0]
    ages_ms, latency_ms = reader.take("age", rows) * 1e3, reader.take("latency", rows) * 1e3
    figures: dict[str, float] = {}
    for i, camera in enumerate(cameras):
        for stage, times_ms in (("obs", ages_ms[:, i]), ("command", ages_ms[:, i] + latency_ms)):
            p50, p99 = np.percentile(times_ms, (50, 99))
            figures[f"{camera}_to_{stage}_p50_ms"] = round(float(p50), 3)
            figures[f"{camera}_to_{stage}_p99_ms"] = round(float(p99), 3)
    return figures


def command_figures(ticks_ns: np.ndarray, reader: ReplayReader, warm_up: int = 20) -> dict[str, float]:
    """Rate and period of the safety node's commands, from the times `ticks_ns` (N,) [ns, node clock] it sent them.

    Counts from the first step after `warm_up` to the last one, while the learner works: resets are in, start and end
    of the graph are not. Raises RobotRLError where too few lie between.
    """
    stamps = reader.take("stamp_ns", np.array([min(warm_up, len(reader) - 1), len(reader) - 1]))
    inside = ticks_ns[(ticks_ns >= stamps[0]) & (ticks_ns <= stamps[1])]
    if len(inside) < 100:
        raise RobotRLError(f"only {len(inside)} commands were sent meanwhile: let the benchmark run longer.")
    return period_figures(np.diff(inside))
