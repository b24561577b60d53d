"""What a person sees of the episodes, and that only a person ends a stop."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot_rl.control.episode_machine import EpisodeMachine, Event, State
from robot_rl.control.safety_status import SafetyStatus
from robot_rl.core.outcome import Outcome
from robot_rl.core.record import Source
from robot_rl.safety.reasons import Mode, Reason

IDLE = SafetyStatus(1, Mode.IDLE)
ESTOP = replace(IDLE, mode=Mode.ESTOP, why=Reason.ESTOP.value, alarms=1, unsettled=True)
CLEARED = replace(ESTOP, mode=Mode.IDLE, why=Mode.IDLE.value)


def running(status: SafetyStatus = IDLE) -> EpisodeMachine:
    """A machine in an episode under the safety process of `status`."""
    machine = EpisodeMachine()
    machine.on_safety(status)
    assert machine.take(Event.RESET)
    machine.on_safety(replace(status, mode=Mode.RESETTING))
    machine.on_safety(replace(status, mode=Mode.READY, resets=1))
    assert machine.take(Event.HOME)
    machine.on_safety(replace(status, mode=Mode.RUNNING, resets=1))
    assert machine.take(Event.BEGIN)
    return machine


def test_an_episode_goes_through_its_states_and_back() -> None:
    machine = running()
    assert machine.state is State.RUNNING
    assert not machine.take(Event.RESET) and machine.state is State.RUNNING, "not in the middle of an episode"
    assert machine.take(Event.END) and machine.state is State.IDLE


def test_human_is_who_acted_last() -> None:
    machine = running()
    for source in (Source.HUMAN, Source.INTERVENTION):
        machine.acted(source)
        assert machine.state is State.HUMAN
        machine.acted(Source.POLICY)
        assert machine.state is State.RUNNING
    machine.take(Event.END)
    machine.acted(Source.HUMAN)
    assert machine.state is State.IDLE, "a late action begins no episode"


@pytest.mark.parametrize("events", [(), (Event.RESET,), (Event.RESET, Event.HOME), tuple(Event)[:3]])
def test_pause_stops_whatever_goes_on_until_resume(events: tuple[Event, ...]) -> None:
    machine = EpisodeMachine()
    assert all(machine.take(event) for event in events)
    assert machine.pause() == "" and machine.state is State.STOPPED
    assert "person paused" in machine.sentence and "robot-rl episode resume" in machine.sentence
    assert "nothing to pause" in machine.pause()
    assert not any(machine.take(event) for event in Event)
    assert machine.resume() == "" and machine.state is State.IDLE and machine.take(Event.RESET)


@pytest.mark.parametrize("success", [True, False])
def test_a_persons_word_ends_the_episode_whatever_the_reward_source_says(success: bool) -> None:
    machine = running()
    assert machine.outcome(Outcome(0.5)) == Outcome(0.5)
    assert machine.judge(success) == ""
    seen = Outcome(1.0 - success, success=not success)
    assert machine.outcome(seen) == Outcome(float(success), success, terminated=True)
    machine.take(Event.END)
    assert machine.outcome(Outcome(0.5)) == Outcome(0.5), "the word is about one episode"
    assert "no episode to end" in machine.judge(success)


@pytest.mark.parametrize("mode", [Mode.ESTOP, Mode.FAULT])
def test_an_alarm_is_a_fault_that_takes_clear_and_resume(mode: Mode) -> None:
    machine = running()
    machine.on_safety(replace(ESTOP, mode=mode))
    assert machine.state is State.FAULT and Reason.ESTOP.value in machine.sentence and "--clear" in machine.sentence
    assert "nothing to resume" in machine.resume() and "no episode" in machine.judge(True)
    machine.on_safety(CLEARED)
    assert machine.state is State.STOPPED and "cleared" in machine.why
    assert machine.resume() == "" and machine.take(Event.RESET)


def test_an_alarm_that_was_missed_is_seen_by_its_count() -> None:
    machine = running()
    machine.on_safety(CLEARED)
    assert machine.state is State.STOPPED and "cleared" in machine.why


def test_another_safety_process_stops_and_the_first_one_does_not() -> None:
    machine = running(replace(IDLE, run_id=7))
    machine.on_safety(IDLE)
    assert machine.state is State.STOPPED and "another" in machine.why
    machine.on_safety(IDLE)
    assert machine.state is State.STOPPED and machine.resume() == ""
    machine.on_safety(replace(IDLE, mode=Mode.RESETTING))
    assert machine.state is State.IDLE, "the new process is known now"


def test_a_machine_that_comes_after_an_alarm_waits_for_a_person_until_a_reset_was_asked_for() -> None:
    late = EpisodeMachine()
    late.on_safety(CLEARED)
    assert late.state is State.STOPPED
    later = EpisodeMachine()
    later.on_safety(replace(CLEARED, mode=Mode.RUNNING, unsettled=False))
    assert later.state is State.IDLE, "a policy that was started anew goes on"


def test_a_machine_that_comes_after_a_pause_waits_for_a_person() -> None:
    late = EpisodeMachine()
    late.on_safety(replace(IDLE, paused=True))
    assert late.state is State.STOPPED and "person paused" in late.sentence
    assert late.resume() == "" and late.take(Event.RESET)
    late.on_safety(replace(IDLE, mode=Mode.RESETTING))
    assert late.state is State.RESETTING


def test_a_pause_that_safety_was_asked_for_stops_between_episodes_too_but_once() -> None:
    machine = EpisodeMachine()
    machine.on_safety(IDLE)
    machine.on_safety(replace(IDLE, paused=True))
    assert machine.state is State.STOPPED and machine.resume() == ""
    machine.on_safety(replace(IDLE, paused=True))
    assert machine.state is State.IDLE


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_a_stop_that_somebody_else_asked_safety_for_holds(steps: int) -> None:
    machine = EpisodeMachine()
    modes = (Mode.RESETTING, Mode.READY, Mode.RUNNING)
    machine.on_safety(IDLE)
    for event, mode in list(zip((Event.RESET, Event.HOME, Event.BEGIN), modes, strict=True))[:steps]:
        machine.take(event)
        machine.on_safety(replace(IDLE, mode=mode))
    machine.on_safety(IDLE)
    assert machine.state is State.STOPPED and "IDLE" in machine.why


def test_why_no_episode_begins_is_said_while_idle_only() -> None:
    machine = EpisodeMachine()
    machine.wait("the learner is behind")
    assert machine.sentence == "no episode runs (the learner is behind)"
    machine.pause()
    machine.wait("the learner is behind")
    assert "learner" not in machine.sentence


STATUSES = st.builds(
    SafetyStatus,
    run_id=st.integers(1, 2),
    mode=st.sampled_from(Mode),
    resets=st.integers(0, 2),
    alarms=st.integers(0, 1),
    unsettled=st.booleans(),
    paused=st.booleans(),
)
STEPS = st.one_of(
    st.sampled_from(Event).map(lambda event: lambda machine: machine.take(event)),
    STATUSES.map(lambda status: lambda machine: machine.on_safety(status)),
    st.sampled_from(Source).map(lambda source: lambda machine: machine.acted(source)),
    st.booleans().map(lambda success: lambda machine: machine.judge(success)),
    st.just(lambda machine: machine.wait("a reason")),
    st.just(EpisodeMachine.pause),
    st.just(EpisodeMachine.resume),
)


@given(st.lists(STEPS, max_size=30))
def test_nothing_but_resume_leads_out_of_a_stop_and_nothing_but_clear_and_resume_out_of_a_fault(steps: list) -> None:
    machine = EpisodeMachine()
    for step in steps:
        before = machine.state
        step(machine)
        if before is State.STOPPED and step is EpisodeMachine.resume:
            assert machine.state is State.IDLE, "the next episode begins with a reset"
        elif before in (State.STOPPED, State.FAULT):
            assert machine.held
        assert before is not State.IDLE or machine.state not in (State.READY, State.RUNNING, State.HUMAN)


@given(st.lists(STEPS, max_size=30), STATUSES.filter(lambda status: status.alarmed))
def test_an_alarm_is_a_fault_from_any_state(steps: list, alarm: SafetyStatus) -> None:
    machine = EpisodeMachine()
    for step in steps:
        step(machine)
    machine.on_safety(alarm)
    assert machine.state is State.FAULT
