"""What of the nodes' output a person sees."""

from __future__ import annotations

import contextlib
import re
import sys
from typing import TextIO

_LEVEL = re.compile(r"^\[(?P<level>DEBUG|INFO|WARN|ERROR|FATAL)\]\s*(\[[\d.]+\]\s*)?(\[[^\]]*\]:\s*)?")
_SHOWN = ("WARN", "ERROR", "FATAL")


class Console:
    """Prints lines of nodes with their name before them: warnings and errors, all of them when verbose."""

    def __init__(self, width: int = 8, verbose: bool = False, stream: TextIO | None = None) -> None:
        self._width = width
        self._verbose = verbose
        self._stream = stream if stream is not None else sys.stderr

    @property
    def is_terminal(self) -> bool:
        """True where standard output is a terminal, on which a node can draw."""
        return sys.stdout.isatty()

    def node_line(self, name: str, line: str, plain: bool = False) -> None:
        """Show one output line of node `name`; a `plain` node's as it is, on standard output."""
        if plain:
            _write(line, sys.stdout)
        elif self._verbose or is_warning(line):
            self._print(name, bare(line))

    def say(self, sentence: str) -> None:
        """Show a line of the supervisor's own."""
        self._print("graph", sentence)

    def _print(self, name: str, text: str) -> None:
        _write(f"{name:>{self._width}} | {text}", self._stream)


def _write(line: str, stream: TextIO) -> None:
    # A closed terminal or pipe must not keep the graph from being stopped in order.
    with contextlib.suppress(OSError, ValueError):
        print(line, file=stream, flush=True)


def is_warning(line: str) -> bool:
    """True for a log line of level WARN or above."""
    match = _LEVEL.match(line)
    return match is not None and match["level"] in _SHOWN


def bare(line: str) -> str:
    """A log line as 'LEVEL text', without time and logger name; INFO without its level."""
    match = _LEVEL.match(line)
    if match is None:
        return line
    text = line[match.end() :]
    return text if match["level"] == "INFO" else f"{match['level']} {text}"
