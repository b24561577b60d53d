"""What a person may say of an episode, and when."""

import pytest

from robot_rl.control.episode_machine import EpisodeMachine, Event
from robot_rl.control.guide import Guide


class Demo:
    """A guide with a machine of its own; `kept` says what became of the episodes."""

    def __init__(self, review: bool = True) -> None:
        self.machine = EpisodeMachine()
        self.guide, self.kept = Guide(self.machine, review), list[bool]()

    def run(self) -> None:
        """An episode begins."""
        for event in (Event.RESET, Event.HOME, Event.BEGIN):
            assert self.machine.take(event)
        self.guide.begin()

    def end(self) -> None:
        """The episode is over."""
        self.machine.take(Event.END)
        self.guide.over("success, 14 steps")
        self.settle()

    def settle(self, last: bool = False) -> None:
        self.guide.settle(lambda: self.kept.append(True), lambda: self.kept.append(False), last=last)


@pytest.fixture
def demo() -> Demo:
    return Demo()


def test_nothing_begins_before_start(demo: Demo) -> None:
    assert "start" in demo.guide.refusal and "start" in demo.guide.choices
    assert demo.guide.start() == "" and demo.guide.refusal == ""
    assert "nothing to start" in demo.guide.start() and "start" not in demo.guide.choices
    demo.run()
    assert "an episode runs" in demo.guide.start()


def test_an_episode_waits_for_start_to_be_kept(demo: Demo) -> None:
    demo.guide.start()
    demo.run()
    demo.end()
    assert demo.kept == [] and demo.guide.refusal and "discard" in demo.guide.choices
    assert demo.guide.choices["start"] == "keep it (success, 14 steps) and go on"
    assert demo.guide.start() == ""
    demo.settle()
    demo.settle()
    assert demo.kept == [True] and not demo.guide.refusal and "discard" not in demo.guide.choices


@pytest.mark.parametrize("running", [True, False])
def test_a_discarded_episode_is_forgotten_once_and_nothing_begins_by_itself(demo: Demo, running: bool) -> None:
    assert "no episode to discard" in demo.guide.discard()
    demo.guide.start()
    demo.run()
    if running:
        assert demo.guide.discard() == "" and demo.guide.unwanted
        demo.end()
    else:
        demo.end()
        assert demo.guide.discard() == ""
    demo.settle()
    assert demo.kept == [False] and demo.guide.discarded == 1 and demo.guide.refusal
    assert "no episode to discard" in demo.guide.discard()


def test_while_stopped_start_resumes_and_decides_nothing(demo: Demo) -> None:
    demo.guide.start()
    demo.run()
    demo.end()
    assert demo.machine.pause() == "" and set(demo.guide.choices) == {"start", "discard"}
    assert demo.guide.start() == ""
    demo.settle()
    assert demo.kept == [] and not demo.machine.held and demo.guide.refusal
    assert demo.machine.pause() == "" and demo.guide.discard() == ""
    demo.settle()
    assert demo.kept == [False]


def test_what_nobody_has_discarded_is_kept_at_the_end(demo: Demo) -> None:
    demo.guide.start()
    demo.run()
    demo.end()
    demo.settle(last=True)
    assert demo.kept == [True] and "no episode to discard" in demo.guide.discard()


def test_without_review_every_episode_begins_and_is_kept_by_itself() -> None:
    demo = Demo(review=False)
    for _ in range(2):
        assert not demo.guide.refusal
        demo.run()
        demo.end()
    assert demo.kept == [True, True]
    assert "by themselves" in demo.guide.start() and "by themselves" in demo.guide.discard()
    assert set(demo.guide.choices) == {"pause"}
