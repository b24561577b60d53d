"""Figures of the command output come from between the first and the last step."""

from __future__ import annotations

import numpy as np
import pytest

from robot_rl.bench.control import camera_figures, command_figures
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


class Acted:
    """A reader of 100 steps in which the first camera's pictures were 20 ms old and the command came 5 ms later."""

    def __len__(self) -> int:
        return 100

    def take(self, name: str, rows: np.ndarray) -> np.ndarray:
        ages = np.tile(np.array([0.020, 0.050, 0.001], np.float32), (100, 1))
        ages[:20] = 9.0
        latency, last = np.full(100, 0.005, np.float32), np.zeros(100, np.uint8)
        last[50], latency[50] = 1, 7.0
        return {"age": ages, "latency": latency, "is_last": last}[name][rows]


def test_camera_to_action_latency_is_told_by_stage_and_camera() -> None:
    figures = camera_figures(Acted(), ("wrist", "front"))  # type: ignore[arg-type]
    assert len(figures) == 8
    stages = ("wrist_to_obs", "wrist_to_command", "front_to_obs", "front_to_command")
    assert [figures[f"{stage}_p99_ms"] for stage in stages] == [20.0, 25.0, 50.0, 55.0]
