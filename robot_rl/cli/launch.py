"""`robot-rl launch GRAPH key:=value ...`: start a graph without a ROS installation, as `ros2 launch` does with one."""

from __future__ import annotations

import argparse
from typing import Any

from robot_rl.cli.running import Interrupted, runner_for
from robot_rl.core.errors import unknown_name
from robot_rl.graph import GRAPHS, build, parse_assignments


def add_parser(subparsers: Any) -> None:
    """Add the sub-command."""
    parser = subparsers.add_parser("launch", help="start a graph: " + ", ".join(GRAPHS), description=__doc__)
    parser.add_argument("graph", metavar="GRAPH", help="one of " + ", ".join(GRAPHS))
    parser.add_argument("arguments", nargs="*", metavar="KEY:=VALUE", help="arguments of the graph, see --show-args")
    parser.add_argument("--show-args", "-s", action="store_true", help="explain the graph's arguments and exit")
    parser.add_argument("--verbose", action="store_true", help="show all output of all nodes")
    parser.set_defaults(handler=launch)


def launch(args: argparse.Namespace) -> int:
    """Run the graph to its end; its exit code."""
    if args.graph not in GRAPHS:
        raise unknown_name("graph", args.graph, GRAPHS)
    if args.show_args:
        print(describe(args.graph))
        return 0
    graph = build(args.graph, parse_assignments(args.arguments))
    with runner_for(graph, args.verbose) as runner:
        code = runner.run(graph)
        if runner.interrupts.count:
            raise Interrupted(runner.interrupts.exit_code)
        return code


def describe(name: str) -> str:
    """The arguments of graph `name` with description, choices and default, laid out as `ros2 launch` does."""
    recipe = GRAPHS[name]
    lines = [f"{name}: {recipe.description}", "Arguments (pass arguments as '<name>:=<value>'):"]
    for argument in recipe.arguments:
        choices = f". Valid choices are: {', '.join(argument.choices)}" if argument.choices else ""
        lines += ["", f"    '{argument.name}':", f"        {argument.description}{choices}"]
        lines += [f"        (default: '{argument.default}')"]
    return "\n".join(lines)
