"""A person's say in when an episode begins and whether it is kept. No ROS."""

from __future__ import annotations

from collections.abc import Callable

from robot_rl.control.episode_machine import EpisodeMachine, State

AUTOMATIC = "episodes begin by themselves here and all are kept: parameter 'review' of node 'policy' is false."


class Guide:
    """What a person demonstrates is begun by `start` and kept or discarded afterwards.

    `start` keeps the episode that is over, if one is, and begins the next. An episode is `pending` from its end until
    that, or `discard`. Without `review` every episode begins by itself and is kept at once.
    """

    def __init__(self, machine: EpisodeMachine, review: bool) -> None:
        self.review, self.pending, self.discarded = review, False, 0
        self._machine, self._go = machine, not review
        self._verdict: bool | None = None
        self._how = ""

    @property
    def refusal(self) -> str:
        """Why no episode may begin, or ''."""
        if self._go:
            return ""
        return "'start' keeps this one and begins the next" if self.pending else "'start' begins"

    @property
    def choices(self) -> dict[str, str]:
        """What a person can ask for now, and what that does."""
        machine = self._machine
        if machine.state is State.FAULT:
            return self._can_discard
        if machine.state is State.STOPPED:
            return {"start": "go on", **self._can_discard}
        if machine.acting:
            ends = {"success": "end as success", "failure": "end as failure"}
            return {**ends, **({"discard": "end and throw away"} if self.review else {}), "pause": "stop the robot"}
        start = {"start": f"keep it ({self._how}) and go on" if self.pending else "begin"}
        waits = machine.state is State.IDLE and not self._go
        return {**(start if waits else {}), **self._can_discard, "pause": "stop the robot"}

    @property
    def _can_discard(self) -> dict[str, str]:
        return {"discard": "throw it away"} if self.pending else {}

    def start(self) -> str:
        """Keep the episode that is over and begin the next; return '' or why not. Where all is stopped, `resume`."""
        if self._machine.state is State.STOPPED:
            return self._machine.resume()
        if not self.review:
            return AUTOMATIC
        if self._machine.acting:
            return "an episode runs: end it by success or failure, or discard it."
        if self._machine.state is not State.IDLE or (self._go and not self.pending):
            return f"nothing to start: {self._machine.sentence}."
        self._go, self._verdict = True, True
        return ""

    def discard(self) -> str:
        """Throw the episode away that runs or is over; return '' or why not."""
        if not self.review:
            return AUTOMATIC
        if not (self._machine.acting or self.pending):
            return f"no episode to discard: {self._machine.sentence}."
        self._verdict = False
        return ""

    def begin(self) -> None:
        """An episode begins."""
        self._go, self._verdict = not self.review, None

    @property
    def unwanted(self) -> bool:
        """True from `discard` until `settle`: a running episode need not go on."""
        return self._verdict is False

    def over(self, how: str) -> None:
        """The episode that ran is over; `how` it ended, in a few words."""
        self.pending, self._how = True, how

    def settle(self, keep: Callable[[], None], forget: Callable[[], None], *, last: bool = False) -> None:
        """Call `keep` or `forget` for the episode that is over, once; neither while a person has yet to decide.

        At the `last` settling that person has gone, and what was not discarded is kept.
        """
        kept = True if not self.review or (last and self._verdict is None) else self._verdict
        if self.pending and kept is not None:
            self.pending, self._verdict = False, None
            self.discarded += not kept
            (keep if kept else forget)()
