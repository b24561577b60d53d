"""What a recording says of each tick: reward, success and termination."""

from __future__ import annotations

import numpy as np

from robot_rl.replay.bags.recording import Recording
from robot_rl.replay.bags.ticks import Ticks


def outcomes_of(recording: Recording, ticks: Ticks, period_ns: int, *, rewarded: bool, succeeded: bool) -> np.ndarray:
    """Reward of the transition that led to each tick, success, terminated, (n, 3) float64.

    Taken from what was said since the tick before: the newest reward, and success or termination wherever it
    occurred. A message on the success topic ends the episode and, where no reward topic is there (`rewarded`), earns
    reward 1; with `succeeded` every episode's last usable tick does so.
    """
    found = np.zeros((len(ticks.stamps), 3))
    if rewarded:
        found = _gathered(recording.outcomes.stamps, recording.outcomes.values, ticks.stamps, period_ns)
    done = np.zeros(len(found), bool)
    if len(recording.successes):
        flags = recording.successes.values.reshape(-1, 1).repeat(3, axis=1)
        done = _gathered(recording.successes.stamps, flags, ticks.stamps, period_ns)[:, 1] > 0
    if succeeded:
        for span in np.unique(ticks.span[ticks.usable]):
            done[np.flatnonzero(ticks.usable & (ticks.span == span))[-1]] = True
    found[done, 1:] = 1.0
    if not rewarded:
        found[done, 0] = 1.0
    return found


def _gathered(stamps: np.ndarray, values: np.ndarray, ticks: np.ndarray, period_ns: int) -> np.ndarray:
    """Of the values (m, 3) since the tick before each of `ticks` (n,): the newest first column, the largest others."""
    found = np.zeros((len(ticks), 3))
    after = np.searchsorted(stamps, ticks - period_ns, side="right")
    until = np.searchsorted(stamps, ticks, side="right")
    for tick in np.flatnonzero(until > after):
        since = values[after[tick] : until[tick]]
        found[tick] = since[-1, 0], *since[:, 1:].max(axis=0)
    return found
