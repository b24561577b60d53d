"""Ways of doing the same thing timed in turns, so that other load on the machine meets every way alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

Progress = Callable[[int, int], None]
"""Called with how much is done, and of how much."""
Stage = Callable[[str], Progress]
"""Announces the next stage and returns what its progress is told to."""


def in_turns(
    ways: Mapping[str, Callable[[], object]],
    rounds: int,
    warm_up: int,
    progress: Progress = lambda done, total: None,
    repeats: Mapping[str, int] | None = None,
) -> dict[str, list[float]]:
    """Seconds of each call, `rounds` rounds over all `ways` after `warm_up` unmeasured calls of each.

    `repeats` says how often a way is called in a round, once where it is not named.
    """
    often = repeats or {}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        for _ in range(warm_up):
            way()
    for done in range(rounds):
        for name, way in ways.items():
            for _ in range(often.get(name, 1)):
                start = time.perf_counter()
                way()
                seconds[name].append(time.perf_counter() - start)
        progress(done + 1, rounds)
    return seconds
