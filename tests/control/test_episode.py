"""When an episode ends and how it is counted."""

from robot_rl.control.episode import EpisodeTally, episode_over
from robot_rl.core.outcome import Outcome
from robot_rl.core.record import Source


def test_an_episode_ends_with_the_task_or_at_its_limit() -> None:
    assert episode_over(Outcome(1.0, success=True, terminated=True), 3, 50)
    assert episode_over(Outcome(0.0, terminated=True), 3, 50)
    assert episode_over(Outcome(0.0), 50, 50)
    assert not episode_over(Outcome(0.0), 49, 50)


def test_a_tally_can_count_successes_only() -> None:
    tally = EpisodeTally(wanted=1, only_successes=True)
    tally.begin()
    tally.add(Source.POLICY, 0.5, success=False)
    assert tally.end(4).total == 0.5 and not tally.done
    tally.begin()
    tally.add(Source.POLICY, 1.0, success=False)
    tally.add(Source.POLICY, 0.0, success=True)
    assert tally.end(2).success and tally.done


def test_a_tally_counts_the_steps_in_which_a_person_intervened() -> None:
    tally = EpisodeTally(wanted=0)
    for sources, expected in (((0, 3, 3, 4), 2), ((0, 0), 0)):
        tally.begin()
        for source in sources:
            tally.add(Source(source), 0.0, success=False)
        assert tally.end(len(sources)).interventions == expected
