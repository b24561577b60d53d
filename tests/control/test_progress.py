"""The one line that a person sees."""

from robot_rl.control.progress import Progress


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
