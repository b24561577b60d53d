"""`robot-rl estop`: an emergency stop at any key, and the heartbeat that safety can be told to need.

It complements a hardware e-stop and never replaces it: give safety `estop_heartbeat_s`, so that the end of this
command, of its machine or of the network between counts as set. Clear it with `robot-rl estop --clear`.
"""

from __future__ import annotations

import argparse
import os
import select
import sys
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from robot_rl.cli import person

PERIOD_S = 0.1


def add_parser(subparsers: Any) -> None:
    """Add the sub-command."""
    parser = subparsers.add_parser("estop", help="emergency stop at any key, and its heartbeat", description=__doc__)
    parser.add_argument("--clear", action="store_true", help="clear an emergency stop or a fault, and end")
    person.add_options(parser)
    parser.set_defaults(handler=estop)


def estop(args: argparse.Namespace) -> int:
    """Beat until interrupted, or clear; 0."""
    with person.node("estop_key", args) as node:
        return _clear(node) if args.clear else _beat(node)


def _beat(node: Any) -> int:
    from std_msgs.msg import Bool

    from robot_rl.nodes import qos

    publisher, pressed = node.create_publisher(Bool, "estop", qos.LATCHED), False
    print("any key sets the emergency stop; so does Ctrl-C, where safety needs the heartbeat", flush=True)
    with _keys() as keyboard:
        while True:
            publisher.publish(Bool(data=pressed))
            if not pressed and _pressed(keyboard, PERIOD_S):
                pressed = True
                print("emergency stop SET; once all is well end this, begin it anew, and 'robot-rl estop --clear'")
                sys.stdout.flush()
            elif pressed:
                time.sleep(PERIOD_S)


@contextmanager
def _keys() -> Iterator[int | None]:
    """The descriptor of standard input, told to give single keys where it is a terminal; None where there is none."""
    if sys.stdin is None or sys.stdin.closed:
        yield None
        return
    descriptor = sys.stdin.fileno()
    if not os.isatty(descriptor):
        yield descriptor
        return
    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor)
        yield descriptor
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _pressed(keyboard: int | None, wait_s: float) -> bool:
    """Whether a key came within `wait_s`; the end of standard input is none."""
    begin = time.monotonic()
    if keyboard is not None and select.select([keyboard], [], [], wait_s)[0] and os.read(keyboard, 1024):
        return True
    time.sleep(max(0.0, wait_s - (time.monotonic() - begin)))
    return False


def _clear(node: Any) -> int:
    person.ask(node, "safety/clear_estop", "safety")
    print("cleared: the robot holds until it is reset; 'robot-rl episode resume' lets a running graph do that")
    return 0
