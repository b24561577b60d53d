"""Step assembly: RLDS records in order, executed actions, truncation distinct from termination."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot_rl.control.steps import StepAssembler
from robot_rl.core.observation import Observation
from robot_rl.core.outcome import Outcome
from robot_rl.core.record import Source, StepSpec
from robot_rl.core.spec import ActionSpec, ObservationSpec

SPEC = StepSpec(ObservationSpec(("cam",), 2, 2, ("p",)), ActionSpec(("x", "y")))


def seen(number: int) -> Observation:
    return Observation(
        number, {"cam": np.full((2, 2, 3), number % 256, np.uint8)}, np.array([number], np.float32), (0.0, 0.0)
    )


def play(steps: StepAssembler, length: int, outcome: Outcome, start: int = 0) -> list[np.ndarray]:
    """An episode of `length` actions whose executed action is the step number / 100."""
    steps.begin()
    records = []
    for t in range(length):
        steps.observe(seen(start + t), Outcome(reward=float(t)), np.full(2, 0.5, np.float32), version=3)
        steps.execute(start + t, np.full(2, t / 100), Source.POLICY, 0.01)
        records += steps.take()
    steps.observe(seen(start + length), outcome, None, version=3)
    steps.end()
    return records + steps.take()


def test_the_executed_action_enters_and_the_proposed_stays_beside_it() -> None:
    record = play(StepAssembler(SPEC, 7), 3, Outcome(1.0, True, True))[1]
    assert record["action"] == pytest.approx(0.01)
    assert record["proposed"] == pytest.approx(0.5)
    assert record["policy_version"] == 3 and record["run_id"] == 7


def test_the_reward_of_a_step_is_that_of_the_observation_it_led_to() -> None:
    records = play(StepAssembler(SPEC, 0), 3, Outcome(9.0, True, True))
    assert [float(r["reward"]) for r in records] == [1.0, 2.0, 9.0, 0.0]


def test_a_termination_marks_the_last_observation_as_terminal() -> None:
    last = play(StepAssembler(SPEC, 0), 2, Outcome(1.0, True, True))[-1]
    assert (last["is_last"], last["is_terminal"], last["success"]) == (1, 1, 1)
    assert not last["action"].any()


def test_a_time_limit_is_not_a_termination() -> None:
    last = play(StepAssembler(SPEC, 0), 2, Outcome(0.0))[-1]
    assert (last["is_last"], last["is_terminal"]) == (1, 0)


def test_a_step_waits_for_its_executed_action() -> None:
    steps = StepAssembler(SPEC, 0)
    steps.begin()
    steps.observe(seen(0), Outcome(0.0), np.zeros(2, np.float32), 0)
    steps.observe(seen(1), Outcome(1.0), np.zeros(2, np.float32), 0)
    assert steps.take() == []
    assert steps.execute(0, np.ones(2), Source.INTERVENTION, 0.0)
    (record,) = steps.take()
    assert record["source"] == Source.INTERVENTION and record["reward"] == 1.0


@pytest.mark.parametrize("source", [Source.HUMAN, Source.SCRIPTED, Source.INTERVENTION])
def test_a_persons_action_in_place_of_a_proposed_one_is_an_intervention(source: Source) -> None:
    steps = StepAssembler(SPEC, 0)
    steps.begin()
    for t, proposed in enumerate((np.full(2, 0.5, np.float32), None, None)):
        steps.observe(seen(t), Outcome(0.0), proposed, 0)
        steps.execute(t, np.full(2, -0.5), source, 0.0)
    by_hand, demonstrated = steps.take()
    assert by_hand["source"] == Source.INTERVENTION and demonstrated["source"] == source
    assert by_hand["action"] == pytest.approx(-0.5) and by_hand["proposed"] == pytest.approx(0.5)


def test_an_executed_action_of_an_unknown_observation_is_not_taken() -> None:
    steps = StepAssembler(SPEC, 0)
    steps.begin()
    steps.observe(seen(0), Outcome(0.0), np.zeros(2, np.float32), 0)
    assert not steps.execute(5, np.ones(2), Source.POLICY, 0.0)


def test_an_episode_cut_short_ends_truncated_where_knowledge_ends() -> None:
    steps = StepAssembler(SPEC, 0)
    steps.begin()
    for t in range(4):
        steps.observe(seen(t), Outcome(0.0), np.zeros(2, np.float32), 0)
        if t < 2:
            steps.execute(t, np.ones(2), Source.POLICY, 0.0)
    steps.cut()
    records = steps.take()
    assert [int(r["stamp_ns"]) for r in records] == [0, 1, 2]
    assert (records[-1]["is_last"], records[-1]["is_terminal"]) == (1, 0)
    assert not steps.open


def test_an_episode_cut_before_anything_was_known_leaves_no_open_step() -> None:
    steps = StepAssembler(SPEC, 0)
    steps.begin()
    steps.cut()
    assert steps.take() == [] and not steps.open


def test_an_abandoned_episode_keeps_what_has_left_and_nothing_else() -> None:
    steps = StepAssembler(SPEC, 0)
    steps.begin()
    for t in range(3):
        steps.observe(seen(t), Outcome(0.0), np.zeros(2, np.float32), 0)
        steps.execute(t, np.ones(2), Source.POLICY, 0.0)
    assert len(steps.take()) == 2
    steps.abandon()
    assert steps.take() == [] and not steps.open
    following = play(steps, 1, Outcome(1.0, True, True))
    assert [(int(r["seq"]), int(r["episode"]), int(r["index"])) for r in following] == [(2, 1, 0), (3, 1, 1)]


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=6))
def test_episodes_of_any_length_leave_whole_and_numbered(plan: list[tuple[int, bool]]) -> None:
    steps, records = StepAssembler(SPEC, 0), []
    for number, (length, terminal) in enumerate(plan):
        records += play(steps, length, Outcome(1.0, terminal, terminal), start=100 * number)
    assert [int(r["seq"]) for r in records] == list(range(len(records)))
    for number, (length, terminal) in enumerate(plan):
        episode = [r for r in records if r["episode"] == number]
        assert [int(r["index"]) for r in episode] == list(range(length + 1))
        assert [int(r["is_first"]) for r in episode] == [1] + [0] * length
        assert [int(r["is_last"]) for r in episode] == [0] * length + [1]
        assert bool(episode[-1]["is_terminal"]) is terminal
        assert [int(r["stamp_ns"]) for r in episode] == [100 * number + t for t in range(length + 1)]


def test_the_numbers_of_a_forgotten_episode_are_given_again() -> None:
    steps = StepAssembler(SPEC, 0)
    play(steps, 3, Outcome(0.0))
    for _ in range(2):
        records = play(steps, 2, Outcome(1.0, True, True))
        assert [int(r["seq"]) for r in records] == [4, 5, 6] and {int(r["episode"]) for r in records} == {1}
        steps.forget()
