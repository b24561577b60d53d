"""Alarms begin where figures leave what the rewards allow, and end some time after."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from robot_rl.config.learning import HealthConfig, LearnerConfig, SACConfig
from robot_rl.learning.health import Alarm, Bounds, Health

CONFIG = LearnerConfig(health=HealthConfig(window=10, warmup=10), discount=0.9)
FINE = {"q_min": -0.1, "q_max": 1.1, "q_spread": 0.1, "gradient_norm": 3.0, "entropy": -2.0, "reward_max": 1.0}


def watch(config: LearnerConfig = CONFIG, count: int = 40, health: Health | None = None, **metrics: float) -> Health:
    """Health after `count` updates of the same metrics."""
    health = health or Health(config, actions=4)
    start = health._seen
    for update in range(start, start + count):
        health.check(FINE | metrics, update)
    return health


@pytest.mark.parametrize(
    ("low", "high", "ends", "discount", "bounds"),
    [
        (0.0, 1.0, True, 0.97, (0.0, 1.0)),
        (-1.0, 0.0, False, 0.9, (-10.0, 0.0)),
        (0.5, 1.0, False, 0.75, (0.0, 4.0)),
        (0.0, 1.0, False, 1.0, (0.0, float("inf"))),
    ],
)
def test_bounds_are_what_returns_can_be(
    low: float, high: float, ends: bool, discount: float, bounds: tuple[float, float]
) -> None:
    health = HealthConfig(reward_low=low, reward_high=high, reward_ends=ends)
    found = Bounds.implied(LearnerConfig(health=health, discount=discount))
    assert (found.low, found.high) == pytest.approx(bounds)


def test_no_alarm_while_all_is_well() -> None:
    health = watch()
    assert health.active == () and health.healthy and health.take_events() == []


@pytest.mark.parametrize(
    ("alarm", "name", "value"),
    [
        (Alarm.Q_HIGH, "q_max", 1.6),
        (Alarm.Q_LOW, "q_min", -0.6),
        (Alarm.SPREAD, "q_spread", 0.6),
        (Alarm.GRADIENT, "gradient_norm", 2e3),
        (Alarm.ENTROPY, "entropy", -12.5),
    ],
)
def test_each_figure_has_its_alarm(alarm: Alarm, name: str, value: float) -> None:
    health = watch(**{name: value})
    assert health.active == (alarm,) and not health.healthy
    (event,) = health.take_events()
    assert event.alarm is alarm and f"{value:.3g}" in event.text
    assert health.counts[alarm] == 1 and health.metrics()[f"alarm_{alarm.name.lower()}"] == 1.0
    assert watch(health=health, count=200).active == (), "it ends"
    assert health.healthy


def test_one_outlier_is_no_alarm_and_neither_is_the_beginning() -> None:
    assert watch(count=10, q_max=9.0).active == ()
    health = watch()
    health.check(FINE | {"q_max": 3.0}, 40)
    assert health.active == ()


def test_rewards_out_of_range_say_that_bounds_do_not_hold_and_nothing_else() -> None:
    health = watch(reward_min=-5.0, q_min=-20.0)
    assert health.active == (Alarm.REWARD,)
    assert health.healthy, "nothing is wrong with the networks"


def test_rewards_of_several_steps_may_be_their_sum() -> None:
    config = replace(CONFIG, n_step=3, health=replace(CONFIG.health, reward_ends=False))
    assert watch(config, reward_max=2.7).active == ()
    assert watch(config, reward_max=2.8).active == (Alarm.REWARD,)


def test_entropy_in_the_targets_widens_the_bounds() -> None:
    soft = replace(CONFIG, sac=SACConfig(backup_entropy=True))
    assert watch(soft, q_min=-50.0, q_max=3.0, alpha=0.1).active == ()
    assert watch(soft, q_max=5.0, alpha=0.1).active == (Alarm.Q_HIGH,)


def test_a_state_continues_exactly() -> None:
    first = watch(q_max=1.45)
    other = Health(CONFIG, 4)
    other.restore(json.loads(json.dumps(first.state())))
    for health in (first, other):
        watch(health=health, count=30, q_max=2.0)
    assert first.state() == other.state() and first.active == other.active == (Alarm.Q_HIGH,)
