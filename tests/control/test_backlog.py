"""What may be sent while steps are on their way to the disk."""

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from robot_rl.control.backlog import HISTORY, Backlog, BacklogRule

RULE = BacklogRule(max_backlog=10, max_update_debt=5, longest=20)


def test_no_episode_starts_before_somebody_writes_the_steps() -> None:
    assert "learner" in RULE.refusal(0, None)


def test_without_waiting_episodes_start_where_nobody_writes_and_nothing_is_kept_for_anybody() -> None:
    rule = dataclasses.replace(RULE, wait=False)
    assert rule.refusal(5000, None) == "" and not rule.full(5000, None) and rule.missing(5000, None) == 0
    assert "11 steps" in rule.refusal(20, Backlog(committed=9)), "once somebody writes, the rule holds"


def test_no_episode_starts_while_steps_are_not_on_disk() -> None:
    assert "11 steps" in RULE.refusal(20, Backlog(committed=9))
    assert RULE.refusal(19, Backlog(committed=9)) == ""


def test_no_episode_starts_while_steps_of_an_earlier_life_wait_for_the_disk() -> None:
    assert "11 steps wait" in RULE.refusal(0, Backlog(waiting=11))
    assert RULE.refusal(0, Backlog(waiting=10)) == ""


def test_no_episode_starts_while_the_learner_is_behind_its_ratio() -> None:
    assert "6 updates" in RULE.refusal(0, Backlog(update_debt=6))


def test_no_episode_starts_once_the_learner_has_done_its_job() -> None:
    assert "ended" in RULE.refusal(0, Backlog(ending=True))


@given(
    max_backlog=st.integers(1, 1000), longest=st.integers(2, 900), commits=st.lists(st.integers(0, 800), max_size=30)
)
def test_no_step_leaves_the_history_before_it_is_on_disk(max_backlog: int, longest: int, commits: list[int]) -> None:
    """Whenever and however much is committed between episodes, an episode that may start fits as a whole."""
    rule, sent, committed = BacklogRule(max_backlog, 0, longest), 0, 0
    for amount in commits:
        if not rule.refusal(sent, Backlog(committed)):
            sent += longest
        assert sent - committed <= HISTORY and not rule.full(sent - 1, Backlog(committed))
        committed = min(sent, committed + amount)
    assert rule.refusal(sent, Backlog(sent)) == "", "what is all on disk never stops an episode"


def test_an_episode_longer_than_the_history_starts_and_is_ended_before_a_step_is_lost() -> None:
    rule = BacklogRule(700, 0, longest=5000)
    assert rule.refusal(100, Backlog(committed=100)) == "" and rule.refusal(100, Backlog(committed=99)) != ""
    assert not rule.full(1000, Backlog(committed=900))
    assert rule.full(1990, Backlog(committed=1000)) and HISTORY - 990 >= 3, "room for the steps still to come"


def test_missing_is_what_was_sent_and_not_announced_as_written() -> None:
    assert RULE.missing(7, None) == 7
    assert RULE.missing(7, Backlog(committed=5)) == 2
    assert RULE.missing(7, Backlog(committed=9)) == 0
