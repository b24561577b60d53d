"""`robot-rl demo TASK`: record demonstrations; the demo graph with options in place of key:=value."""

from __future__ import annotations

import argparse
from typing import Any

from robot_rl.cli.options import add_graph_options, graph_options
from robot_rl.cli.running import runner_for
from robot_rl.graph import build

OPTIONS = ("run", "out", "episodes", "device", "noise", "seed", "pace", "domain", "config", "reward", "hold")


def add_parser(subparsers: Any) -> None:
    """Add the sub-command."""
    parser = subparsers.add_parser("demo", help="record demonstrations", description=__doc__)
    parser.add_argument("task", metavar="TASK", help="task to demonstrate")
    parser.add_argument("--verbose", action="store_true", help="show all output of all nodes")
    add_graph_options(parser, "demo", *OPTIONS)
    parser.set_defaults(handler=demo)


def demo(args: argparse.Namespace) -> int:
    """Record until the episodes are there; 0."""
    graph = build("demo", {"task": args.task, **graph_options(args, *OPTIONS)})
    with runner_for(graph, args.verbose) as runner:
        runner.require(graph)
    print(f"demonstrations are in '{graph.node('recorder').parameters['store']}'")
    return 0
