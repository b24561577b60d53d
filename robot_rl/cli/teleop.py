"""`robot-rl teleop DEVICE`: act on a running graph from this terminal or this machine.

For graphs that do not read the device themselves: `robot-rl launch demo device:=external`, one of `ros2 launch`, or one
on another machine. With `--role intervene` it is silent, and the policy acts, until you touch the device.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import nullcontext
from typing import Any

from robot_rl.cli.keys import is_foreground_terminal
from robot_rl.cli.options import add_graph_options, graph_options
from robot_rl.config.devices import SCRIPTED, load_device
from robot_rl.core.errors import UsageError
from robot_rl.graph import build, environment
from robot_rl.graph.locks import domain_of
from robot_rl.robot.spec import load_robot
from robot_rl.teleop.devices.keyboard import single_keys
from robot_rl.teleop.legend import legend

OPTIONS = ("task", "robot", "pace", "config", "namespace", "domain")
NEEDED = ("robot", "task", "rate_hz", "device", "use_sim_time")
"""Parameters that the node must share with the graph."""


def add_parser(subparsers: Any) -> None:
    """Add the sub-command."""
    parser = subparsers.add_parser("teleop", help="act on a running graph by a device", description=__doc__)
    parser.add_argument("device", metavar="DEVICE", help="a name in config/devices or the path of a YAML file")
    parser.add_argument("--role", choices=("demonstrate", "intervene"), default="demonstrate", help="see above")
    add_graph_options(parser, "demo", *OPTIONS)
    parser.set_defaults(handler=teleop)


def teleop(args: argparse.Namespace) -> int:
    """Run the teleop node here until it is interrupted; its exit code."""
    if args.device == SCRIPTED:
        raise UsageError("device 'scripted' needs no hand: give device:=scripted to the graph.")
    config = load_device(args.device)
    graph = build("demo", {"device": args.device, **graph_options(args, *OPTIONS)})
    own = graph.node("teleop").parameters
    words = [f"{name}:={str(own[name]).lower() if isinstance(own[name], bool) else own[name]}" for name in NEEDED]
    flags = [word for pair in (*words, f"role:={args.role}") for word in ("-p", pair)]
    spaces = ["-r", f"__ns:=/{graph.namespace.strip('/')}"] if graph.namespace else []
    domain = domain_of(graph.arguments.get("domain"), os.environ)
    os.environ.update({**environment.defaults(), **os.environ, "ROS_DOMAIN_ID": str(domain)})
    print("\n".join(legend(config, load_robot(own["robot"]))), "Ctrl-C ends", sep="\n", flush=True)
    from robot_rl.nodes.teleop import main

    keys = config.driver == "keyboard" and is_foreground_terminal()
    with single_keys(sys.stdin.fileno()) if keys else nullcontext():
        return main(["teleop", "--ros-args", "-r", "__node:=teleop", *flags, *spaces])
