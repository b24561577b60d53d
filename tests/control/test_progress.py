"""The one line that a person sees."""

from robot_rl.control.progress import Progress


def test_where_the_episodes_stand_is_shown_and_what_to_do_only_where_something_is_to_do() -> None:
    progress = Progress("learn reach")
    progress.state = "RUNNING"
    assert "episode is RUNNING" in progress.line() and "RUNNING:" not in progress.line()
    progress.state, progress.notice = "STOPPED", "resume with ..."
    assert progress.line().endswith("STOPPED: resume with ...")
