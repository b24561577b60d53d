"""When training ends: success of the newest episodes, time, steps."""

from robot_rl.config.learning import LearnerConfig
from robot_rl.core.record import Source
from robot_rl.learning.goal import SUCCESS, Goal
from robot_rl.replay.reader import Episode

CONFIG = LearnerConfig(success_window=4, success_threshold=0.75, budget_s=100.0, max_steps=1000)


def after(successes: list[bool]) -> Goal:
    goal = Goal(CONFIG)
    for success in successes:
        goal.add_episode(success)
    return goal


def test_the_newest_window_of_episodes_decides() -> None:
    goal = after([False] * 10 + [True, True, True])
    assert goal.success_rate == 0.75 and goal.reached(1.0, 50, 50) == "success"
    goal.add_episode(False)
    goal.add_episode(False)
    assert goal.reached(1.0, 50, 50) == ""


def test_a_window_that_is_not_full_does_not_count() -> None:
    assert after([True, True, True]).reached(1.0, 50, 50) == ""


def test_success_without_any_update_is_luck_and_does_not_count() -> None:
    assert after([True] * 4).reached(1.0, 50, updates=0) == ""


def test_time_and_steps_end_training() -> None:
    assert after([]).reached(100.0, 0, 0) == "budget"
    assert after([]).reached(1.0, 1000, 0) == "steps"
    assert Goal(LearnerConfig(budget_s=0.0, max_steps=0)).reached(1e9, 10**9, 1) == ""


def test_an_episode_that_a_person_saved_is_no_success_of_the_policys() -> None:
    goal = Goal(CONFIG)
    for interventions in (0, 0, 3, 1):
        goal.add_episode(True, steps=10, interventions=interventions)
    assert goal.success_rate == 0.5 and goal.reached(1.0, 50, 50) == ""
    assert goal.intervention_rate == 0.1
    for _ in range(3):
        goal.add_episode(True, steps=5)
    assert goal.success_rate == 0.75 and goal.reached(1.0, 50, 50) == "success"
    assert goal.intervention_rate == 1 / 25


def test_before_the_first_episode_nobody_has_intervened() -> None:
    assert Goal(CONFIG).intervention_rate == 0.0


def earlier(number: int, success: bool, complete: bool = True) -> Episode:
    rows = (10 * number, 10 * number + 10)
    return Episode(*rows, 1, number, 0.0, success, success, complete, Source.POLICY, interventions=0)


def test_episodes_of_an_interrupted_session_count() -> None:
    goal = Goal(CONFIG)
    goal.go_on([earlier(number, True) for number in range(4)] + [earlier(4, False, complete=False)], settled=0)
    assert goal.episodes == 4 and goal.reached(1.0, 50, 50) == SUCCESS


def test_episodes_that_have_ended_training_once_do_not_end_it_again() -> None:
    goal = Goal(CONFIG)
    goal.go_on([earlier(number, True) for number in range(6)], settled=5)
    assert (goal.episodes, goal.settled) == (6, 5)
    for _ in range(2):
        goal.add_episode(True)
        assert goal.reached(1.0, 50, 50) == ""
    goal.add_episode(True)
    assert goal.reached(1.0, 50, 50) == SUCCESS
