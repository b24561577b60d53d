"""The state machine of the episodes, as a person sees it: what happens, why, and what it takes to go on. No ROS."""

from __future__ import annotations

from enum import Enum

from robot_rl.control.safety_status import SafetyStatus
from robot_rl.core.outcome import Outcome
from robot_rl.core.record import Source
from robot_rl.safety.reasons import Mode

RESUME = "resume with 'robot-rl episode resume'"
CLEAR = "clear it with 'robot-rl estop --clear' once all is well"
PAUSED = "a person paused"
NEW_SAFETY = "the safety process has ended and another one is there"
CLEARED = "an emergency stop or a fault was cleared"
SUCCESS_REWARD = 1.0
"""Reward of an episode that a person ends as a success, as the simulated tasks give."""


class State(Enum):
    """Where the episodes stand, with a sentence for a person."""

    IDLE = "no episode runs"
    RESETTING = "the robot goes home and the task is put back"
    READY = "the robot is home and the episode is about to begin"
    RUNNING = "an episode runs"
    HUMAN = "an episode runs and a person acts"
    STOPPED = f"nothing moves the robot: {RESUME}"
    FAULT = f"the safety node holds the robot: {CLEAR}, then {RESUME}"


class Event(Enum):
    """What the policy node reports: the states it applies in, and the state it leads to."""

    RESET = (State.IDLE,), State.RESETTING
    HOME = (State.RESETTING,), State.READY
    BEGIN = (State.READY,), State.RUNNING
    END = (State.RUNNING, State.HUMAN), State.IDLE
    GIVE_UP = (State.RESETTING, State.READY), State.IDLE


class EpisodeMachine:
    """Starts IDLE. STOPPED and FAULT are left by a person's `resume` alone, FAULT only once safety is cleared."""

    def __init__(self) -> None:
        self.state, self.why = State.IDLE, ""
        self._safety: SafetyStatus | None = None
        self._verdict: bool | None = None

    @property
    def acting(self) -> bool:
        """True while an episode runs."""
        return self.state in (State.RUNNING, State.HUMAN)

    @property
    def held(self) -> bool:
        """True where nothing may be asked of the robot before a person resumes."""
        return self.state in (State.STOPPED, State.FAULT)

    @property
    def sentence(self) -> str:
        """State and reason for a person."""
        return f"{self.state.value} ({self.why})" if self.why else self.state.value

    def take(self, event: Event) -> bool:
        """Take an event; false, and nothing changes, where it does not apply."""
        sources, target = event.value
        if self.state not in sources:
            return False
        self._enter(target)
        return True

    def wait(self, why: str) -> None:
        """Say why no episode begins, '' for nothing; only while IDLE."""
        if self.state is State.IDLE:
            self.why = why

    def acted(self, source: Source) -> None:
        """Take who chose the newest executed action."""
        if self.acting:
            self.state = State.HUMAN if source in (Source.HUMAN, Source.INTERVENTION) else State.RUNNING

    def pause(self) -> str:
        """Stop by a person's wish; return '' or why not."""
        if self.held:
            return f"nothing to pause: {self.sentence}."
        self._enter(State.STOPPED, PAUSED)
        return ""

    def resume(self) -> str:
        """Let episodes begin again, each with a reset; return '' or why not."""
        if self.state is not State.STOPPED:
            return f"nothing to resume: {self.sentence}."
        self._enter(State.IDLE)
        return ""

    def judge(self, success: bool) -> str:
        """End the running episode at its next observation by a person's word; return '' or why not."""
        if not self.acting:
            return f"no episode to end: {self.sentence}."
        self._verdict = success
        return ""

    def outcome(self, seen: Outcome) -> Outcome:
        """The outcome of an observation: a person's word where there is one, else what was `seen`."""
        if self._verdict is None:
            return seen
        return Outcome(SUCCESS_REWARD * self._verdict, self._verdict, terminated=True)

    def on_safety(self, status: SafetyStatus) -> None:
        """Take what the safety process announces.

        An alarm is a FAULT. An alarm that was cleared, another safety process, a person's pause, and a stop that nobody
        here asked for are STOPPED. The first safety process ever seen begins as it likes, unless it has an alarm or a
        pause behind it.
        """
        before, self._safety = self._safety, status
        if status.alarmed:
            self._enter(State.FAULT, status.why)
        elif before is not None and before.run_id != status.run_id:
            self._enter(State.STOPPED, NEW_SAFETY)
        elif self.state is State.FAULT or (status.unsettled if before is None else before.alarms != status.alarms):
            self._enter(State.STOPPED, CLEARED)
        elif status.paused and not (before and before.paused):
            self._enter(State.STOPPED, PAUSED)
        elif before is not None and self._was_stopped(before.mode, status.mode):
            self._enter(State.STOPPED, f"the safety node was stopped and is {status.mode.name}")

    def _was_stopped(self, before: Mode, now: Mode) -> bool:
        if self.acting:
            return now is not Mode.RUNNING
        asked = self.state in (State.RESETTING, State.READY)
        return asked and now is Mode.IDLE and before is not Mode.IDLE

    def _enter(self, state: State, why: str = "") -> None:
        self.state, self.why, self._verdict = state, why, None
