"""`robot-rl demo [TASK] [OUT.zarr]`: record demonstrations; the demo graph with options in place of key:=value."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from robot_rl.cli.options import add_graph_options, graph_options
from robot_rl.cli.running import runner_for
from robot_rl.config.devices import EXTERNAL, SCRIPTED, load_device
from robot_rl.core.errors import UsageError
from robot_rl.graph import build
from robot_rl.graph.model import Graph
from robot_rl.robot.spec import load_robot
from robot_rl.teleop.legend import legend

RECORDING = ("out", "episodes", "device", "noise", "mistakes", "review", "countdown", "episode_steps", "reward", "hold")
OPTIONS = ("run", *RECORDING, "robot", "sim", "seed", "pace", "domain", "namespace", "config", "view")


def add_parser(subparsers: Any) -> None:
    """Add the sub-command."""
    parser = subparsers.add_parser("demo", help="record demonstrations", description=__doc__)
    parser.add_argument(
        "words",
        nargs="*",
        metavar="TASK|OUT.zarr",
        help="task to demonstrate (default: reach), and the replay store to write or to continue, a path with a '/' or "
        "a '.' (default: demos.zarr of the run)",
    )
    parser.add_argument("--verbose", action="store_true", help="show all output of all nodes")
    add_graph_options(parser, "demo", *OPTIONS)
    parser.set_defaults(handler=demo)


def demo(args: argparse.Namespace) -> int:
    """Record until the episodes are there; 0."""
    given = named(args.words)
    if args.out is not None and "out" in given:
        raise UsageError(f"'{given['out']}' and '--out {args.out}' both name a store: give one.")
    given |= graph_options(args, *OPTIONS)
    graph = build("demo", given)
    with runner_for(graph, args.verbose) as runner:
        for line in person_lines(graph):
            runner.say(line)
        runner.require(graph)
    store = graph.node("recorder").parameters["store"]
    print(f"demonstrations are in '{store}'")
    return 0


def person_lines(graph: Graph) -> list[str]:
    """What the person who demonstrates must know: what their device's inputs do."""
    device = graph.arguments["device"]
    if device == SCRIPTED:
        return []
    if device == EXTERNAL:
        return ["waiting for your teleop node: 'robot-rl teleop keyboard' in another terminal is one"]
    return legend(load_device(device), load_robot(graph.node("teleop").parameters["robot"]))


def named(words: Sequence[str]) -> dict[str, str]:
    """The task and the store among the words without an option; UsageError where one is named twice."""
    given: dict[str, str] = {}
    for word in words:
        key = "out" if "/" in word or "." in word else "task"
        if key in given:
            what = "store" if key == "out" else "task"
            raise UsageError(f"'{given[key]}' and '{word}' both name a {what}: give one.")
        given[key] = word
    return given
