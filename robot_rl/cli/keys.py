"""A graph's terminal while a person acts by its keyboard."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from robot_rl.graph.model import Graph
from robot_rl.teleop.devices.keyboard import single_keys


def is_foreground_terminal() -> bool:
    """True where standard input is a terminal that this process may read: not in the background of a shell."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        descriptor = sys.stdin.fileno()
        return os.isatty(descriptor) and os.tcgetpgrp(descriptor) == os.getpgrp()
    return False


@contextmanager
def keys_for(graph: Graph) -> Iterator[None]:
    """Let the terminal give single keys where a node of `graph` reads them; as it was afterwards, however that ends."""
    if any(node.keys for node in graph.nodes) and is_foreground_terminal():
        with single_keys(sys.stdin.fileno()):
            yield
    else:
        yield
