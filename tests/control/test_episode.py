"""When an episode may start, when it ends, and how it is counted."""

from robot_rl.control.episode import Backlog, EpisodeTally, StartRule, episode_over
from robot_rl.core.outcome import Outcome

RULE = StartRule(max_backlog=10, max_update_debt=5)


def test_no_episode_starts_before_somebody_writes_the_steps() -> None:
    assert "learner" in RULE.refusal(0, None)


def test_no_episode_starts_while_steps_wait_for_the_disk() -> None:
    assert "11 steps" in RULE.refusal(20, Backlog(committed=9))
    assert RULE.refusal(19, Backlog(committed=9)) == ""


def test_no_episode_starts_while_the_learner_is_behind_its_ratio() -> None:
    assert "6 updates" in RULE.refusal(0, Backlog(update_debt=6))


def test_an_episode_ends_with_the_task_or_at_its_limit() -> None:
    assert episode_over(Outcome(1.0, success=True, terminated=True), 3, 50)
    assert episode_over(Outcome(0.0, terminated=True), 3, 50)
    assert episode_over(Outcome(0.0), 50, 50)
    assert not episode_over(Outcome(0.0), 49, 50)


def test_a_tally_can_count_successes_only() -> None:
    tally = EpisodeTally(wanted=1, only_successes=True)
    tally.begin()
    tally.add(Outcome(0.5))
    assert tally.end(4).total == 0.5 and not tally.done
    tally.begin()
    tally.add(Outcome(1.0, success=True))
    assert tally.end(2).success and tally.done
