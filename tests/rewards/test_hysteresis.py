"""Success that must last, by number of observations and by their stamps."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from robot_rl.rewards.hysteresis import Hysteresis, first_success

SCORES = st.lists(st.floats(0, 1), max_size=30)
TICK = 100_000_000


def test_counts_after_so_many_in_a_row():
    scores = [0.9, 0.1, 0.9, 0.9, 0.1, 0.9, 0.9, 0.9]
    assert [first_success(scores, 0.5, frames) for frames in (1, 2, 3, 4)] == [0, 3, 7, None]


@given(SCORES, st.integers(1, 5), st.floats(0.01, 1))
def test_begins_where_all_of_the_last_frames_reach_the_threshold_for_the_first_time(scores, frames, threshold):
    runs = (i for i in range(frames - 1, len(scores)) if min(scores[i - frames + 1 : i + 1]) >= threshold)
    assert first_success(scores, threshold, frames) == next(runs, None)


def test_stays_until_the_score_is_clearly_lower():
    held = Hysteresis(2, 0.8)
    said = [held.update(index, score) for index, score in enumerate([0.9, 0.9, 0.5, 0.9, 0.3, 0.9, 0.9])]
    assert said == [False, True, True, True, False, False, True]


def test_nan_is_no_success():
    held = Hysteresis(1, 0.5)
    assert [held.update(i, s) for i, s in enumerate([0.9, float("nan"), 0.9])] == [True, False, True]


def test_faster_frames_must_agree_for_as_long():
    held = Hysteresis(3, 0.5, TICK)
    said = [held.update(round(i * TICK / 3), 0.9) for i in range(8)]
    assert said.index(True) in (5, 6), "two periods, of three frames each, less half a period for jitter"


def test_a_missing_observation_or_a_clock_that_jumps_back_begins_anew():
    held = Hysteresis(2, 0.5, TICK)
    assert [held.update(stamp * TICK, 0.9) for stamp in (0, 2, 3, 1, 2)] == [False, False, True, False, True]


def test_the_same_observation_again_changes_nothing_and_reset_forgets():
    held = Hysteresis(2, 0.5, TICK)
    assert [held.update(stamp * TICK, 0.9) for stamp in (5, 5, 6, 6)] == [False, False, True, True]
    held.reset()
    assert not held.update(7 * TICK, 0.9)
