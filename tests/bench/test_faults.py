"""Standstill, braking bound and age limits of a fault, from states and parameters alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot_rl.bench.faults import AgeLimits, Stop, Trial, braking_s, chosen, find_hold, find_stop, summary
from robot_rl.core.errors import UsageError
from robot_rl.safety.limits.braking import stop_ticks

MS, DT = 1_000_000, 0.02


def states(*stretches: tuple[int, float]) -> tuple[np.ndarray, np.ndarray]:
    """Stamps and velocities of two joints, the second at rest: (number of states, speed) one after the other."""
    speeds = np.concatenate([np.full(count, speed) for count, speed in stretches])
    return np.arange(1, len(speeds) + 1) * 20 * MS, np.stack([speeds, np.zeros_like(speeds)], axis=1)


def test_the_arm_stands_from_its_last_motion_on() -> None:
    stop = find_stop(*states((10, -0.5), (30, 0.001)), good_ns=100 * MS, until_ns=800 * MS)
    assert stop.standstill_s == pytest.approx(0.1) and not stop.moved_again


def test_a_short_rest_between_two_motions_is_no_standstill() -> None:
    stop = find_stop(*states((10, 0.5), (5, 0.0), (5, 0.5), (20, 0.0)), good_ns=0, until_ns=800 * MS)
    assert stop == Stop(pytest.approx(0.4), False)


def test_motion_after_a_standstill_is_told_but_not_that_after_the_source_is_back() -> None:
    stamps, speeds = states((5, 0.5), (20, 0.0), (1, 0.02), (20, 0.0))
    assert find_stop(stamps, speeds, 0, 900 * MS) == Stop(pytest.approx(0.1), True)
    assert find_stop(stamps, speeds, 0, 510 * MS) == Stop(pytest.approx(0.1), False)


def test_an_arm_that_never_rests_never_stands() -> None:
    assert find_stop(*states((40, 0.5)), good_ns=0, until_ns=800 * MS).standstill_s is None
    assert find_stop(*states((0, 0.5)), good_ns=0, until_ns=800 * MS).standstill_s is None, "no states are no rest"


def test_a_held_arm_has_its_last_motion_before_it_was_seen_to_be_held() -> None:
    stamps, speeds = states((5, 0.5), (20, 0.0), (5, 0.5), (30, 0.0), (1, 0.5))
    assert find_hold(stamps, speeds, 20 * MS, 1100 * MS) == Stop(pytest.approx(0.58), True)
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
    stops = (Stop(0.5, False), Stop(0.7, True), Stop(None, True))
    figures = summary([Trial(stop, limit_s=0.4, braking_s=0.2) for stop in stops])
    assert (figures["within"], figures["never_stood"], figures["moved_again"]) == (1, 1, 2)
    assert (figures["standstill_p50_s"], figures["standstill_max_s"], figures["limit_s"]) == (0.6, 0.7, 0.4)


def test_a_learner_counts_by_steps() -> None:
    trials = [Trial(Stop(9.0, False), 3.6, 0.2, steps, 36) for steps in (36, 37)]
    figures = summary(trials)
    assert (figures["within"], figures["steps_max"], figures["limit_steps"]) == (1, 37, 36)


def test_an_unknown_case_names_those_that_there_are() -> None:
    with pytest.raises(UsageError, match="policy_kill"):
        chosen("policy_kil")
    assert [fault.name for fault in chosen("proprio_stop, policy_kill")] == ["proprio_stop", "policy_kill"]
    assert len(chosen("")) == 15
