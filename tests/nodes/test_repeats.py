"""Commands that answer the same state twice."""

from robot_rl.nodes.repeats import Repeats


def test_without_announcements_every_command_counts() -> None:
    repeats = Repeats()
    assert [repeats.is_repeat(command) for command in (1, 1, 2, 2)] == [False] * 4


def test_for_an_announcement_an_equal_command_is_left_out_and_another_is_not() -> None:
    repeats = Repeats()
    repeats.announced()
    assert [repeats.is_repeat(command) for command in (1, 1, 2, 2)] == [False, True, False, False]
    repeats.announced()
    assert [repeats.is_repeat(command) for command in (3, 4, 4)] == [False, False, False]


def test_a_robot_at_rest_goes_on_after_one_announcement() -> None:
    repeats = Repeats()
    repeats.announced()
    assert not repeats.is_repeat(1)
    assert repeats.is_repeat(1), "what safety decided next looks like a repeat"
    repeats.announced()
    assert [repeats.is_repeat(1) for _ in range(5)] == [False] * 5
