"""Figures of the command output come from between the first and the last step."""

from __future__ import annotations

import numpy as np
import pytest

from robot_rl.bench.control import command_figures
from robot_rl.core.errors import RobotRLError

S, MS = 1_000_000_000, 1_000_000


class Steps:
    """What a replay reader tells of step stamps."""

    def __init__(self, stamps: np.ndarray) -> None:
        self._stamps = stamps

    def __len__(self) -> int:
        return len(self._stamps)

    def take(self, name: str, rows: np.ndarray) -> np.ndarray:
        assert name == "stamp_ns"
        return self._stamps[rows]


def test_only_the_commands_between_the_steps_count() -> None:
    ticks = np.concatenate([[0, 3 * S], np.arange(500) * 10 * MS + 5 * S, [20 * S]])
    figures = command_figures(ticks, Steps(np.arange(60) * 100 * MS + 4 * S))  # type: ignore[arg-type]
    assert figures["command_rate_hz"] == pytest.approx(100.0) and figures["command_period_max_ms"] == 10.0
    ticks[300:] += 7 * MS
    assert command_figures(ticks, Steps(np.arange(60) * 100 * MS + 4 * S))["command_period_max_ms"] == 17.0  # type: ignore[arg-type]


def test_too_few_commands_are_an_error() -> None:
    with pytest.raises(RobotRLError, match="longer"):
        command_figures(np.arange(50), Steps(np.array([0, 100])))  # type: ignore[arg-type]
