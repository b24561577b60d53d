"""`robot-rl view`: a live picture of a running graph for Foxglove; `view:=true` of a graph starts it along."""

from __future__ import annotations

import argparse
import os
from typing import Any

from robot_rl.cli import person
from robot_rl.config.nodes import ViewNodeConfig
from robot_rl.graph import environment
from robot_rl.graph.locks import domain_of


def add_parser(subparsers: Any) -> None:
    """Add the sub-command."""
    text = "show cameras, actions and rewards of a running graph live in Foxglove"
    parser = subparsers.add_parser("view", help=text, description=__doc__)
    parser.add_argument("--host", default=ViewNodeConfig.host, help="interface to serve (default: this machine alone)")
    parser.add_argument("--port", type=int, default=ViewNodeConfig.port, help="port (default: %(default)s)")
    person.add_options(parser)
    parser.set_defaults(handler=view)


def view(args: argparse.Namespace) -> int:
    """Serve until interrupted."""
    for key, value in environment.defaults().items():
        os.environ.setdefault(key, value)
    os.environ["ROS_DOMAIN_ID"] = str(domain_of(args.domain, os.environ))
    from robot_rl.nodes.view import main

    words = ["robot-rl", "--ros-args", "-p", f"host:={args.host}", "-p", f"port:={args.port}"]
    return main([*words, *(("-r", f"__ns:=/{args.namespace.strip('/')}") if args.namespace else ())])
