"""The instants at which a recording is observed: the newest of every source not after each, none too old."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from robot_rl.replay.bags.recording import Recording

PROPRIO = "proprio"


@dataclass(frozen=True)
class Ticks:
    """`stamps` (n,) [ns]; `span` (n,), which episode; `joints` (n,) and `frames` (camera -> (n,)), index of the
    newest value in its series, -1 where there is none; `ages` (n, S) [s] of cameras, then proprio; `usable` (n,)."""

    stamps: np.ndarray
    span: np.ndarray
    joints: np.ndarray
    frames: dict[str, np.ndarray]
    ages: np.ndarray
    usable: np.ndarray


def plan_ticks(recording: Recording, rate_hz: float, max_age_s: float, left_out: Counter[str]) -> Ticks:
    """Ticks at `rate_hz` in each episode of the recording, from where all sources are there to where one ends.

    Why a tick is not usable is counted in `left_out`: a source older than `max_age_s`, or no command yet.
    """
    stamps, span = _grid(recording, 1e9 / rate_hz)
    sources = {**recording.frames, PROPRIO: recording.joints}
    newest = {name: series.until(stamps) for name, series in sources.items()}
    aged = [stamps - series.stamps[newest[name]] for name, series in sources.items()]
    ages = np.stack(aged, axis=1)
    usable = np.ones(len(stamps), bool)
    for column, name in enumerate(sources):
        old = usable & (ages[:, column] > round(max_age_s * 1e9))
        _leave_out(left_out, f"source '{name}' is older than {max_age_s:g} s", old, usable)
    first = recording.motion.stamps[0]
    idle = usable & (stamps + round(1e9 / rate_hz) <= first)
    _leave_out(left_out, "before the first command", idle, usable)
    frames = {camera: newest[camera] for camera in recording.frames}
    return Ticks(stamps, span, newest[PROPRIO], frames, ages * 1e-9, usable)


def _grid(recording: Recording, period_ns: float) -> tuple[np.ndarray, np.ndarray]:
    """Stamps of all ticks, and the number of the episode of each."""
    series = (recording.joints, *recording.frames.values())
    first, last = max(int(s.stamps[0]) for s in series), min(int(s.stamps[-1]) for s in series)
    grids = [np.empty(0, np.int64)]
    for begin, end in recording.spans:
        start = max(begin, first)
        count = max(int((min(end, last) - start) // period_ns) + 1, 0)
        grids.append(start + np.round(np.arange(count) * period_ns).astype(np.int64))
    span = np.repeat(np.arange(-1, len(grids) - 1), [len(grid) for grid in grids])
    return np.concatenate(grids), span


def _leave_out(left_out: Counter[str], why: str, ticks: np.ndarray, usable: np.ndarray) -> None:
    """Mark `ticks` as not usable and count them."""
    usable &= ~ticks
    if ticks.any():
        left_out[why] += int(ticks.sum())
