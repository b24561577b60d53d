"""Threshold and figures against counts made by hand and by brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot_rl.config.rewards import BoundConfig
from robot_rl.core.reward_figures import Figures
from robot_rl.rewards.figures import choose_threshold, measure
from robot_rl.rewards.labels import FrameSet, LabelledEpisode

SCORED = st.lists(st.tuples(st.floats(0.5, 1), st.booleans()), min_size=1, max_size=25)


class Frames(FrameSet):
    """Episodes of 5 observations without a store; those from `first` on show success, one before is doubtful."""

    def __init__(self, firsts: list[int]) -> None:
        spans = [(5 * i, 5 * i + first, 5 * i + 5) for i, first in enumerate(firsts)]
        episodes = [LabelledEpisode(0, start, first - (first < stop), first, stop) for start, first, stop in spans]
        self.episodes, rows = tuple(episodes), np.arange(5 * len(firsts))
        self.labels = rows >= np.repeat([e.first for e in episodes], 5)
        self.clear = self.labels | (rows < np.repeat([e.doubtful for e in episodes], 5))
        self._ends = np.arange(5, 5 * len(firsts) + 1, 5)


@given(SCORED, st.floats(0.5, 1))
def test_the_threshold_gives_the_precision_and_no_lower_score_would(scored, precision):
    scores, labels = np.array([s for s, _ in scored]), np.array([y for _, y in scored])
    chosen = choose_threshold(scores, labels, precision)

    def reached(threshold):
        said = scores >= threshold
        return said.any() and labels[said].sum() >= precision * said.sum()

    good = [score for score in scores if reached(score)]
    if not good:
        assert chosen == 1.0
    elif min(good) < 1 - 1e-9:
        lower = [score for score in scores if score < min(good)]
        assert chosen <= min(good) + 1e-9 and all(score <= chosen + 1e-9 for score in lower)


def test_figures_of_observations_and_episodes():
    frames = Frames([3, 3, 5, 3, 5])
    scores = np.zeros(25)
    scores[[3, 4]] = 0.9  # a success, seen
    scores[[5, 6]] = 0.9  # announced far too early
    scores[[10, 11]] = 0.9  # announced where there is none
    scores[[20, 22]] = 0.9  # flicker: not two in a row
    found = measure(frames, scores, 0.5, row=2)
    assert (found.observations, found.positives, found.false_positives) == (22, 6, 6)
    assert (found.precision, found.recall) == (0.25, pytest.approx(1 / 3, abs=1e-4))
    assert (found.episodes, found.successes, found.announced) == (5, 3, 3)
    assert (found.false_successes, found.early_successes, found.missed_successes) == (1, 1, 1)
    assert found.false_share == pytest.approx(2 / 3)


def test_doubtful_observations_count_neither_way():
    frames, scores = Frames([3]), np.array([0, 0, 0.9, 0.9, 0.9])
    found = measure(frames, scores, 0.5, row=2)
    assert (found.precision, found.early_successes, found.observations) == (1.0, 0, 4)


def test_an_episode_that_ended_at_once_is_not_missed_for_want_of_observations():
    found = measure(Frames([4]), np.array([0, 0, 0, 0, 0.9]), 0.5, row=3)
    assert (found.announced, found.missed_successes) == (1, 0)


GOOD = {
    "observations": 500, "positives": 50, "accuracy": 1.0, "precision": 0.95, "recall": 0.9, "false_positives": 0,
    "episodes": 40, "successes": 20, "announced": 20, "false_successes": 0, "early_successes": 0, "missed_successes": 0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({}, ""),
        ({"precision": 0.89}, "precision 0.890 is below 0.9"),
        ({"precision": float("nan")}, "precision"),
        ({"recall": 0.5}, "recall 0.500 is below"),
        ({"false_successes": 1, "early_successes": 1}, "2 of 20 announced successes are false"),
        ({"successes": 4}, "4 successful and 36 other held-out episodes are too few"),
        ({"successes": 36}, "36 successful and 4 other"),
    ],
)
def test_what_falls_short_of_the_bound_is_named(change, says):
    found = BoundConfig().shortcoming(Figures(**{**GOOD, **change}))
    assert says in found and bool(found) == bool(says)
