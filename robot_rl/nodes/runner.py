"""The life of a node process: own signal handling, so that a node can still send while it shuts down."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

import rclpy
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from robot_rl.core.errors import RobotRLError
from robot_rl.core.exit_code import OF_SIGNALLED
from robot_rl.nodes.parameters import declare
from robot_rl.nodes.spinner import Spinner

T = TypeVar("T")


class GraphNode(Node):
    """A node of the graph: its config dataclass, the node clock in ns, and an end with an exit code."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.exit_code: int | None = None

    def configure(self, cls: type[T]) -> T:
        """Declare the fields of `cls` as parameters and return their values."""
        return declare(self, cls)

    def now_ns(self) -> int:
        """The node clock [ns]."""
        return int(self.get_clock().now().nanoseconds)

    def finish(self, code: int) -> None:
        """End the process with exit code `code` after the current callback."""
        if self.exit_code is None:
            self.exit_code = code

    def leave(self) -> None:
        """Called when the node is to end in order: it is served until it has `left`, then closed."""

    @property
    def left(self) -> bool:
        """True once the node needs no more service."""
        return True

    def close(self) -> None:
        """Called once before the process ends, while publishers still work."""


def run(factory: Callable[[], GraphNode], args: Any = None) -> int:
    """Spin the node that `factory` makes until it finishes or a signal comes; return the exit code.

    Then the node leaves, which another signal cuts short; the exit code after a signal is OF_SIGNALLED's. A
    RobotRLError ends it with one sentence on standard error; anything else prints its traceback and gives 1. In every
    case `close` runs last.
    """
    stop: list[int] = []

    def on_signal(number: int, frame: FrameType | None) -> None:
        del frame
        stop.append(number)

    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGTERM, on_signal)
    rclpy.init(args=args if args is not None else sys.argv, signal_handler_options=SignalHandlerOptions.NO)
    node: GraphNode | None = None
    try:
        node = factory()
        ended = node
        spinner = Spinner(node)
        spinner.spin(until=lambda: bool(stop) or ended.exit_code is not None)
        node.leave()
        spinner.spin(until=lambda: ended.left or len(stop) > 1)
        return int(os.environ.get(OF_SIGNALLED, "0")) if node.exit_code is None else node.exit_code
    except RobotRLError as error:
        print(f"[ERROR] {error}", file=sys.stderr, flush=True)
        return error.exit_code
    except Exception:  # noqa: BLE001 - the last line of defence: close must still run
        traceback.print_exc()
        return 1
    finally:
        _close(node)


def _close(node: GraphNode | None) -> None:
    try:
        if node is not None:
            node.close()
            node.destroy_node()
    finally:
        rclpy.try_shutdown()
