"""Options that commands share with the graphs' arguments."""

from __future__ import annotations

import argparse

from robot_rl.graph import GRAPHS


def add_graph_options(parser: argparse.ArgumentParser, graph: str, *names: str) -> None:
    """Add arguments `names` of graph `graph` as options; they stay text, which the graph checks."""
    arguments = {argument.name: argument for argument in GRAPHS[graph].arguments}
    for name in names:
        argument = arguments[name]
        default = f" (default: {argument.default})" if argument.default else ""
        text = f"{argument.description}{default}".replace("%", "%%")
        parser.add_argument("--" + name.replace("_", "-"), metavar="VALUE", help=text)


def graph_options(args: argparse.Namespace, *names: str) -> dict[str, str]:
    """The options of `add_graph_options` that were given, by argument name."""
    return {name: getattr(args, name) for name in names if getattr(args, name) is not None}
