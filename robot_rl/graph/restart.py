"""What the end of a node means for the graph; the same rule in both front ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from robot_rl.core.exit_code import USAGE
from robot_rl.graph.model import NodeSpec

FIRST_DELAY_S, LONGEST_DELAY_S = 0.5, 8.0
STEADY_S = 60.0
"""A node that has run this long is healthy again: its earlier crashes are forgotten."""


@dataclass(frozen=True)
class Verdict:
    """What to do about a node that ended."""

    action: Literal["restart", "shutdown", "ignore"]
    sentence: str
    delay_s: float = 0.0
    """Time to wait before the restart."""
    exit_code: int = 0
    """The graph's exit code at shutdown."""


class RestartRule:
    """Counts one node's crashes and decides. The node's job done or a usage error ends the graph; a crash is mended
    by a restart with growing delay, until there were too many in a row."""

    def __init__(self, node: NodeSpec) -> None:
        self._node = node
        self._crashes = 0

    def decide(self, code: int, lived_s: float) -> Verdict:
        """Verdict for exit code `code` (negative: killed by that signal) after running for `lived_s` seconds."""
        node = self._node
        if code == 0 and node.on_exit != "restart":
            return Verdict(node.on_exit, f"{node.name} has finished")
        if code == USAGE and node.on_exit != "ignore":
            return Verdict("shutdown", f"{node.name} was given what it cannot use", exit_code=USAGE)
        self._crashes = 1 if lived_s >= STEADY_S else self._crashes + 1
        reason = f"{node.name} {describe(code)}"
        if self._crashes <= node.restarts:
            delay = min(FIRST_DELAY_S * 2 ** (self._crashes - 1), LONGEST_DELAY_S)
            return Verdict("restart", f"{reason}; restart {self._crashes} of {node.restarts} in {delay:g} s", delay)
        if node.on_exit == "ignore":
            return Verdict("ignore", f"{reason} {self._crashes} times in a row; going on without it")
        return Verdict("shutdown", f"{reason} {self._crashes} times in a row", exit_code=1)


def describe(code: int) -> str:
    """An exit code in words."""
    return f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
