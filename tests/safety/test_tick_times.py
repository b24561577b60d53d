"""Figures of a fixed-rate output."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from robot_rl.safety.tick_times import TickTimes


def test_figures_are_of_the_ticks_since_the_last_call(tmp_path: Path) -> None:
    times = TickTimes(keep=True)
    assert times.figures() == {}
    for now_ns in (0, 10_000_000, 20_000_000, 50_000_000):
        times.add(now_ns)
    first = times.figures()
    assert first["command_rate_hz"] == pytest.approx(60.0) and first["command_period_p50_ms"] == 10.0
    assert first["command_period_max_ms"] == 30.0
    for now_ns in (60_000_000, 70_000_000):
        times.add(now_ns)
    assert times.figures()["command_period_max_ms"] == 10.0, "a period across two calls counts once, in the second"
    times.save(tmp_path / "ticks", offset_ns=5)
    assert np.load(tmp_path / "ticks").tolist() == [5, 10_000_005, 20_000_005, 50_000_005, 60_000_005, 70_000_005]


def test_without_keeping_nothing_piles_up() -> None:
    times = TickTimes(keep=False)
    for now_ns in range(1000):
        times.add(now_ns)
    times.figures()
    assert len(times._recent) == 1 and not times._all
