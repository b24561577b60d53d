"""In lockstep, commands that only repeat one that has been carried out already."""

from __future__ import annotations

from typing import Any


class Repeats:
    """Tells a new command from an answer that comes twice.

    A state that waits too long for its answer is announced again. Where the answer was on its way just then, safety
    repeats it, and time would go on by a tick that nobody has decided on. So for every announcement one command like
    the last one is left out. A robot at rest is commanded alike tick after tick: announcements after such a command
    was left out are no reason to leave out another, so that one of them at most has to be asked for again.
    """

    def __init__(self) -> None:
        self._last: Any = None
        self._announced, self._spare, self._left_out = 0, 0, False

    def announced(self) -> None:
        """The state was said again."""
        self._announced += not self._left_out

    def is_repeat(self, command: Any) -> bool:
        """Whether to leave `command` out; a command that is none is taken for carried out."""
        if self._spare and command == self._last:
            self._spare, self._left_out = self._spare - 1, True
            return True
        self._last, self._left_out = command, False
        self._announced, self._spare = 0, self._announced
        return False
