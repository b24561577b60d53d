"""What commands by which a person speaks to a running graph share: a node for a moment, and a service call."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from robot_rl.core.errors import RobotRLError
from robot_rl.graph import environment
from robot_rl.graph.locks import domain_of

ANSWER_S = 10.0
"""Longest time that a node may take to appear, and to answer."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which graph is meant."""
    parser.add_argument("--domain", type=int, metavar="N", help="ROS domain; by default ROS_DOMAIN_ID, else 0")
    parser.add_argument("--namespace", default="", metavar="NAME", help="ROS namespace of the graph")


@contextmanager
def node(name: str, args: argparse.Namespace) -> Iterator[Any]:
    """A node called `name` in the domain and namespace of `args`."""
    domain = domain_of(args.domain, os.environ)
    for key, value in {**environment.defaults(), "ROS_DOMAIN_ID": str(domain)}.items():
        os.environ.setdefault(key, value)
    import rclpy
    from rclpy.signals import SignalHandlerOptions

    rclpy.init(domain_id=domain, signal_handler_options=SignalHandlerOptions.NO)
    made: Any = rclpy.create_node(name, namespace=args.namespace or None)
    try:
        yield made
    finally:
        made.destroy_node()
        rclpy.try_shutdown()


def ask(node: Any, service: str, server: str) -> str:
    """Call Trigger `service` of the node called `server` and return its answer; RobotRLError where it refuses."""
    import rclpy
    from std_srvs.srv import Trigger

    client = node.create_client(Trigger, service)
    if not client.wait_for_service(ANSWER_S):
        raise RobotRLError(f"no {server} node on this ROS domain within {ANSWER_S:g} s: start it, or give --domain.")
    future: Any = client.call_async(Trigger.Request())
    rclpy.spin_until_future_complete(node, future, timeout_sec=ANSWER_S)
    result = future.result()
    if result is None:
        raise RobotRLError(f"the {server} node did not answer within {ANSWER_S:g} s: see its log.")
    if not result.success:
        raise RobotRLError(f"not done: {result.message}")
    return str(result.message)
