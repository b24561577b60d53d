"""Standstill, braking bound and age limits of a fault, from states and parameters alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot_rl.bench.faults import AgeLimits, Stop, Trial, braking_s, chosen, find_hold, find_stop, longest_gap, summary
from robot_rl.core.errors import UsageError
from robot_rl.safety.limits.braking import stop_ticks

MS, DT = 1_000_000, 0.02


def states(*stretches: tuple[int, float]) -> tuple[np.ndarray, np.ndarray]:
    """Stamps and velocities of two joints, the second at rest: (number of states, speed) one after the other."""
    speeds = np.concatenate([np.full(count, speed) for count, speed in stretches])
    return np.arange(1, len(speeds) + 1) * 20 * MS, np.stack([speeds, np.zeros_like(speeds)], axis=1)


def test_the_arm_stands_from_its_last_motion_on() -> None:
    stop = find_stop(*states((10, -0.5), (30, 0.001)), good_ns=100 * MS, limit_s=0.0, until_ns=800 * MS)
    assert stop.standstill_s == pytest.approx(0.1) and not stop.moved_again


def test_a_short_rest_between_two_motions_is_no_standstill() -> None:
    stop = find_stop(*states((10, 0.5), (5, 0.0), (5, 0.5), (20, 0.0)), good_ns=0, limit_s=0.0, until_ns=800 * MS)
    assert stop == Stop(pytest.approx(0.4), pytest.approx(0.4))


def test_a_simulator_that_was_held_up_has_not_stood_meanwhile() -> None:
    stamps, speeds = states((10, 0.5), (5, 0.4), (30, 0.0))
    stamps[10:] += 500 * MS
    assert find_stop(stamps, speeds, 0, 0.0, 1400 * MS) == Stop(pytest.approx(0.8), pytest.approx(0.8))


def test_motion_after_a_standstill_is_told_but_not_that_after_the_source_is_back() -> None:
    stamps, speeds = states((5, 0.5), (20, 0.0), (1, 0.02), (20, 0.0))
    later, back = find_stop(stamps, speeds, 0, 0.0, 900 * MS), find_stop(stamps, speeds, 0, 0.0, 510 * MS)
    assert later == Stop(pytest.approx(0.1), pytest.approx(0.52)) and later.moved_again
    assert back == Stop(pytest.approx(0.1), pytest.approx(0.1)) and not back.moved_again


def test_a_rest_that_is_over_before_the_age_limit_is_no_standstill_the_source_may_still_act() -> None:
    stamps, speeds = states((5, 0.5), (15, 0.0), (5, 0.5), (30, 0.0))
    assert find_stop(stamps, speeds, 0, 0.5, 1100 * MS) == Stop(pytest.approx(0.5), pytest.approx(0.5))
    assert find_stop(stamps, speeds, 0, 0.3, 1100 * MS).moved_again


def test_the_longest_gap_counts_to_both_ends() -> None:
    stamps = np.array([10, 30, 50]) * MS
    assert longest_gap(stamps, 5 * MS, 60 * MS) == pytest.approx(0.02)
    assert longest_gap(stamps, 5 * MS, 90 * MS) == pytest.approx(0.04)
    assert longest_gap(stamps[:0], 5 * MS, 90 * MS) == pytest.approx(0.085)


def test_disturbed_repeats_are_counted_and_left_out() -> None:
    trials = [Trial(Stop(0.5, 0.5), 0.4, 0.2), Trial(Stop(0.9, 1.3), 0.4, 0.2, late_s=0.3)]
    figures = summary(trials)
    assert (figures["repeats"], figures["disturbed"], figures["moved_again"]) == (1, 1, 0)
    assert figures["standstill_max_s"] == 0.5


def test_an_arm_that_never_rests_never_stands() -> None:
    assert find_stop(*states((40, 0.5)), good_ns=0, limit_s=0.0, until_ns=800 * MS).standstill_s is None
    assert find_stop(*states((0, 0.5)), good_ns=0, limit_s=0.0, until_ns=800 * MS).standstill_s is None, (
        "no states are no rest"
    )


def test_a_held_arm_has_its_last_motion_before_it_was_seen_to_be_held() -> None:
    stamps, speeds = states((5, 0.5), (20, 0.0), (5, 0.5), (30, 0.0), (1, 0.5))
    assert find_hold(stamps, speeds, 20 * MS, 1100 * MS) == Stop(pytest.approx(0.58), pytest.approx(1.2))
    assert not find_hold(stamps[:-1], speeds[:-1], 20 * MS, 1100 * MS).moved_again


@given(st.lists(st.floats(-2.5, 2.5), min_size=3, max_size=3))
def test_the_braking_bound_covers_the_ticks_of_a_stop_and_the_servo(dq: list[float]) -> None:
    speeds, acceleration, lag = np.array([dq]), [10.0, 5.0, 2.0], [0.03, 0.03, 0.03]
    bound = braking_s(speeds, acceleration, [0.0, 0.0, 0.0], DT)
    assert bound >= (stop_ticks(speeds[0], np.array(acceleration), DT) - 1) * DT - 1e-9
    settled = max(abs(v) * np.exp(-(braking_s(speeds, [1e9] * 3, lag, 0.0)) / 0.03) for v in dq)
    assert settled <= 0.01 + 1e-9


def test_age_limits_add_up_along_the_way_to_the_arm() -> None:
    safety = {"rate_hz": 10.0, "max_action_age_s": 0.3, "max_state_age_s": 0.2}
    ages = AgeLimits.of(safety, {"max_age_s": 0.15}, command_hz=50.0, driver_s=0.2)
    assert (ages.action, ages.observation) == pytest.approx((0.42, 0.57))
    assert (ages.state, ages.driver) == pytest.approx((0.22, 0.22))


def test_the_summary_counts_what_was_late_never_stood_or_moved_again() -> None:
    stops = (Stop(0.5, 0.5), Stop(0.55, 0.9), Stop(0.7, 0.9), Stop(None, 1.2))
    figures = summary([Trial(stop, limit_s=0.4, braking_s=0.2) for stop in stops])
    assert (figures["within"], figures["never_stood"], figures["moved_again"]) == (2, 1, 2)
    assert (figures["standstill_p50_s"], figures["standstill_max_s"], figures["limit_s"]) == (0.55, 0.7, 0.4)
    assert figures["last_motion_max_s"] == 1.2


def test_a_learner_counts_by_steps() -> None:
    trials = [Trial(Stop(9.0, 9.0), 3.6, 0.2, 0.0, steps, 36) for steps in (36, 37)]
    figures = summary(trials)
    assert (figures["within"], figures["steps_max"], figures["limit_steps"]) == (1, 37, 36)


def test_an_unknown_case_names_those_that_there_are() -> None:
    with pytest.raises(UsageError, match="policy_kill"):
        chosen("policy_kil")
    assert [fault.name for fault in chosen("proprio_stop, policy_kill")] == ["proprio_stop", "policy_kill"]
    assert len(chosen("")) == 15
