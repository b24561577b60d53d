"""The report's curve of interventions: how often a person had to act in place of the policy."""

from __future__ import annotations

import numpy as np

from robot_rl.cli.report_charts import ORANGE, RED, lines_chart
from robot_rl.cli.report_data import RunData

WINDOW = 20


def interventions(data: RunData) -> str:
    """Share of steps by hand, and of episodes with any, over the last WINDOW training episodes; '' without any."""
    episodes = data.training.episodes if data.training else []
    by_hand = np.array([episode.interventions for episode in episodes], np.float64)
    if not by_hand.any():
        return ""
    length = np.array([episode.length for episode in episodes], np.float64)
    steps = np.cumsum(length)
    share = 100.0 * _recent(by_hand) / np.maximum(_recent(length), 1.0)
    helped = 100.0 * _recent((by_hand > 0).astype(np.float64)) / _recent(np.ones(len(episodes)))
    series = (("of steps", steps, share, ORANGE), ("of episodes", steps, helped, RED))
    return lines_chart(f"Interventions [%], last {WINDOW} episodes", "environment steps", series)


def _recent(values: np.ndarray) -> np.ndarray:
    """Sum (n,) of the last WINDOW values up to each."""
    total = np.concatenate([np.zeros(WINDOW), np.cumsum(values)])
    recent: np.ndarray = total[WINDOW:] - total[:-WINDOW]
    return recent
