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

from robot_rl.core.errors import RobotRLError
from robot_rl.graph import environment
from robot_rl.graph.locks import domain_of

PERIOD_S = 0.1
ANSWER_S = 10.0
"""Longest time that safety may take to appear and to answer."""


def add_parser(subparsers: Any) -> None:
    """Add the sub-command."""
    parser = subparsers.add_parser("estop", help="emergency stop at any key, and its heartbeat", description=__doc__)
    parser.add_argument("--clear", action="store_true", help="clear an emergency stop or a fault, and end")
    parser.add_argument("--domain", type=int, metavar="N", help="ROS domain; by default ROS_DOMAIN_ID, else 0")
    parser.add_argument("--namespace", default="", metavar="NAME", help="ROS namespace of the graph")
    parser.set_defaults(handler=estop)


def estop(args: argparse.Namespace) -> int:
    """Beat until interrupted, or clear; 0."""
    with _node(args.domain, args.namespace) as node:
        return _clear(node) if args.clear else _beat(node)


@contextmanager
def _node(domain: int | None, namespace: str) -> Iterator[Any]:
    for name, value in {**environment.defaults(), "ROS_DOMAIN_ID": str(domain_of(domain, os.environ))}.items():
        os.environ.setdefault(name, value)
    import rclpy
    from rclpy.signals import SignalHandlerOptions

    rclpy.init(domain_id=domain_of(domain, os.environ), signal_handler_options=SignalHandlerOptions.NO)
    node: Any = rclpy.create_node("estop_key", namespace=namespace or None)
    try:
        yield node
    finally:
        node.destroy_node()
        rclpy.try_shutdown()


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
    import rclpy
    from std_srvs.srv import Trigger

    client = node.create_client(Trigger, "safety/clear_estop")
    if not client.wait_for_service(ANSWER_S):
        raise RobotRLError(f"no safety node on this ROS domain within {ANSWER_S:g} s: start it, or give --domain.")
    future: Any = client.call_async(Trigger.Request())
    rclpy.spin_until_future_complete(node, future, timeout_sec=ANSWER_S)
    result = future.result()
    if result is None or not result.success:
        raise RobotRLError(f"not cleared: {result.message if result else 'safety did not answer'}")
    print("cleared: the robot holds until it is reset")
    return 0
