"""The scripted supervisor lets a good policy alone, helps a stray one, and gives back control."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot_rl.config.supervisor import SupervisorConfig
from robot_rl.robot.in_process import InProcessEnv
from robot_rl.robot.spec import load_robot
from robot_rl.robot.tasks import load_task
from robot_rl.teleop.scripted import ScriptedExpert
from robot_rl.teleop.supervisor import ScriptedSupervisor

ROBOTS = {"reach": "fr3_sim", "lift": "fr3_sim", "insert": "fr3_peg"}
REACH = load_task("reach")
TARGET = np.array([0.5, 0.1, 0.1])
CONFIG = SupervisorConfig(patience=3, progress=0.01, tolerance=0.05, give_back=0.5, min_steps=2, max_steps=6)


def state(way: float) -> np.ndarray:
    """A state of reach at `way` [m] from the target."""
    return np.array([*(TARGET - [way, 0.0, 0.0]), 0.04, *TARGET])


def supervisor(seed: int = 0, **changes: float) -> ScriptedSupervisor:
    expert = ScriptedExpert(REACH, load_robot("fr3_sim"), noise=0.05, seed=seed)
    return ScriptedSupervisor(expert, dataclasses.replace(CONFIG, **changes), seed)


def acted(watcher: ScriptedSupervisor, ways: list[float]) -> list[bool]:
    return [watcher.act(state(way)) is not None for way in ways]


def test_progress_is_left_alone() -> None:
    assert not any(acted(supervisor(), [0.30 - 0.02 * step for step in range(12)]))


def test_it_takes_over_after_steps_without_progress() -> None:
    assert acted(supervisor(), [0.30, 0.295, 0.294, 0.292]) == [False, False, False, True]


def test_it_takes_over_at_once_where_the_way_grows() -> None:
    assert acted(supervisor(), [0.30, 0.25, 0.31]) == [False, False, True]


def test_it_takes_over_when_time_runs_out_and_keeps_control() -> None:
    ways = [0.30 - 0.02 * step for step in range(12)]
    assert acted(supervisor(deadline=8), ways) == [False] * 8 + [True] * 4


def test_control_comes_back_once_half_the_way_is_done_but_not_at_once() -> None:
    ways = [0.30, 0.30, 0.30, 0.30, 0.10, 0.10, 0.10]
    assert acted(supervisor(), ways) == [False, False, False, True, True, False, False]


def test_control_comes_back_after_a_number_of_steps_and_the_policy_begins_anew() -> None:
    helped = acted(supervisor(), [0.30] * 16)
    assert helped == [False] * 3 + [True] * 6 + [False] * 3 + [True] * 4


def test_the_expert_begins_anew_at_each_takeover(monkeypatch: pytest.MonkeyPatch) -> None:
    resets: list[str] = []
    monkeypatch.setattr(ScriptedExpert, "reset", lambda _: resets.append("reset"))
    acted(supervisor(), [0.30] * 16)
    assert len(resets) == 2


def test_an_episode_begins_with_hands_off() -> None:
    watcher = supervisor()
    acted(watcher, [0.3] * 5)
    assert watcher.acting
    watcher.reset()
    assert not watcher.acting and acted(watcher, [0.3] * 4) == [False, False, False, True]


def test_the_rate_is_the_share_of_episodes_that_are_watched() -> None:
    watcher, helped = supervisor(rate=0.3), 0
    for _ in range(300):
        watcher.reset()
        helped += any(acted(watcher, [0.3] * 5))
    assert 60 <= helped <= 120
    assert not any(acted(supervisor(rate=0.0), [0.3] * 30))


def test_it_waits_the_longer_the_more_of_the_newest_episodes_went_without_help() -> None:
    watcher, good = supervisor(trust=4), [0.30 - 0.02 * step for step in range(12)]

    def waits() -> int:
        """Steps without progress that an episode begins with until it takes over."""
        watcher.reset()
        return acted(watcher, [0.3] * 12).index(True)

    def go_well(episodes: int) -> None:
        for _ in range(episodes):
            watcher.reset()
            assert not any(acted(watcher, good))

    assert waits() == 3
    go_well(9)
    assert waits() == 5, "half of the episodes that it remembers"
    go_well(20)
    assert waits() == 7
    for _ in range(20):
        waits()
    assert waits() == 3, "trust is lost again"


def test_trust_comes_of_watched_episodes_alone() -> None:
    watcher = supervisor(trust=4, rate=0.5)
    for _ in range(100):
        watcher.reset()
        acted(watcher, [0.3] * 12)
    assert watcher._patience == CONFIG.patience


@given(st.lists(st.floats(0.0, 0.5), max_size=40), st.integers(0, 9), st.floats(0.0, 1.0))
def test_the_same_seed_and_states_give_the_same_actions(ways: list[float], seed: int, rate: float) -> None:
    def actions() -> list[list[float] | None]:
        watcher = supervisor(seed, rate=rate)
        return [None if (a := watcher.act(state(way))) is None else a.tolist() for way in ways]

    assert actions() == actions()


def supervised(name: str, config: SupervisorConfig, policy: Callable[[np.ndarray], np.ndarray]) -> tuple[int, int]:
    """Successes and intervened steps of six episodes."""
    robot, task = load_robot(ROBOTS[name]), load_task(name)
    env = InProcessEnv(robot, task, cameras=(), seed=5)
    watcher = ScriptedSupervisor(ScriptedExpert(task, robot, 0.05, seed=1, rescuing=True), config, seed=2)
    successes = helped = 0
    for _ in range(6):
        now = env.reset().state
        watcher.reset()
        for _ in range(60):
            action = watcher.act(now)
            helped += action is not None
            transition = env.step(policy(now) if action is None else action)
            now = transition.observation.state
            if transition.outcome.terminated:
                break
        successes += transition.outcome.success
    return successes, helped


@pytest.mark.parametrize("name", ROBOTS)
def test_a_policy_as_good_as_the_expert_is_hardly_ever_helped(name: str) -> None:
    expert = ScriptedExpert(load_task(name), load_robot(ROBOTS[name]), 0.05, seed=9)
    successes, helped = supervised(name, SupervisorConfig(), expert.act)
    assert successes == 6 and helped <= 6


@pytest.mark.parametrize("name", ROBOTS)
def test_a_policy_that_does_nothing_is_helped_to_the_end(name: str) -> None:
    spec = ScriptedExpert(load_task(name), load_robot(ROBOTS[name]))._spec
    idle = np.array([float(entry == "gripper") for entry in spec.names])
    successes, helped = supervised(name, SupervisorConfig(deadline=12), lambda _: idle)
    assert successes == 6 and helped > 40


@pytest.mark.parametrize("rescuing", [False, True])
@pytest.mark.parametrize("name", ROBOTS)
def test_what_the_expert_says_is_left_shrinks_to_almost_nothing_along_its_way(name: str, rescuing: bool) -> None:
    robot, task = load_robot(ROBOTS[name]), load_task(name)
    env, expert = InProcessEnv(robot, task, cameras=(), seed=3), ScriptedExpert(task, robot, 0.0, rescuing=rescuing)
    now, ways = env.reset().state, list[float]()
    for _ in range(60):
        ways.append(expert.remaining(now))
        transition = env.step(expert.act(now))
        now = transition.observation.state
        if transition.outcome.terminated:
            break
    assert transition.outcome.success
    assert ways[0] > 0.05 and expert.remaining(now) < 0.025 and min(ways) >= 0.0
