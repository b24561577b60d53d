"""What a person sees of a running graph."""

import math

from robot_rl.control.progress import Progress
from robot_rl.control.vitals import Vitals

WAITING = {"state": "IDLE", "why": "'start' begins", "can start": "begin", "can pause": "stop the robot"}


def test_where_the_episodes_stand_is_shown_and_what_to_do_only_where_something_is_to_do() -> None:
    progress = Progress("learn reach")
    progress.state = "RUNNING"
    assert "episode is RUNNING" in progress.line() and "RUNNING:" not in progress.line()
    progress.state, progress.notice = "STOPPED", "resume with ..."
    assert progress.line().endswith("STOPPED: resume with ...")


def test_interventions_are_shown_where_there_are_any_and_take_away_the_success() -> None:
    progress = Progress("learn reach")
    progress.add_episode({"length": 30.0, "success": 1.0, "interventions": 0.0})
    assert "success 100 %" in progress.line() and "by hand" not in progress.line()
    progress.add_episode({"length": 10.0, "success": 1.0, "interventions": 4.0})
    assert "success 50 %" in progress.line() and "by hand 10 %" in progress.line()


def test_a_person_is_called_where_they_are_waited_for_and_while_seconds_are_counted() -> None:
    progress = Progress("demo", episodes_wanted=20)
    progress.take_state({"state": "RUNNING", "can success": "end as success"})
    assert progress.call == "" and progress.ways == ["success: end as success"]
    progress.take_state(WAITING)
    progress.keys = {"start": "button 7"}
    assert progress.call == "start [button 7]: begin · pause: stop the robot"
    progress.take_state({"state": "READY", "countdown": "3", "discarded": "1"})
    assert (
        progress.call == "episode 1 of 20 begins in 3"
        and progress.number == 1
        and progress.columns()["discarded"] == "1"
    )


def test_where_only_successes_count_the_others_are_failures_and_the_time_left_is_that_of_the_rest() -> None:
    progress = Progress("demo", episodes_wanted=3, discard_failures=True)
    for success in (0.0, 1.0, 0.0):
        progress.add_episode({"length": 10.0, "success": success})
    columns = progress.columns()
    assert (columns["episodes"], columns["failed"], progress.number) == ("1/3", "2", 2)
    progress._started -= 10.0
    assert progress.left_s is not None and 20.0 <= progress.left_s < 25.0
    counted = Progress("learn", episodes_wanted=3)
    counted.add_episode({"length": 10.0, "success": 0.0})
    assert counted.columns()["episodes"] == "1/3" and "failed" not in counted.columns()


def test_success_is_unaided_and_interventions_are_a_share_of_the_steps() -> None:
    progress = Progress("learn")
    progress.add_episode({"length": 30, "success": 1, "interventions": 10})
    assert "by hand" in progress.columns() and progress.success_rate == 0.0
    progress.add_episode({"length": 10, "success": 1})
    assert progress.success_rate == 0.5 and progress.intervention_rate == 0.25


def test_a_source_too_old_and_a_device_that_is_gone_are_in_the_line() -> None:
    progress = Progress("demo", device="the gamepad is gone", mode="RUNNING")
    progress.vitals = Vitals({"wrist": (0.5, 30.0), "front": (math.inf, 0.0)}, 0.15)
    assert "! wrist 0.50 s old  ! front silent  ! the gamepad is gone" in progress.line()


def test_the_rate_of_actions_is_that_of_the_running_episode() -> None:
    progress = Progress("demo")
    assert progress.actions.rate_hz == 0.0
    for k in range(5):
        progress.actions.add("HUMAN", 0.01 * k)
    assert progress.actions.rate_hz > 0.0 and progress.actions.source == "human"
    assert progress.actions.latency_s == 0.04
