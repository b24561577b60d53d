"""`robot-rl episode`: a person steers the episodes of a running graph."""

from __future__ import annotations

import argparse
from typing import Any

from robot_rl.cli import person

VERBS = {
    "pause": "end the running episode where it is, stop the robot, and begin no other before resume",
    "resume": "go on after a pause, a cleared emergency stop or fault, or a restart of safety: the arm moves home",
    "success": "end the running episode as a success at its next observation",
    "failure": "end the running episode as a failure at its next observation",
    "start": "where a person demonstrates: keep the episode that is over, and begin the next after its countdown",
    "discard": "where a person demonstrates: throw away the episode that runs or is over; it never reaches the store",
}


def add_parser(subparsers: Any) -> None:
    """Add the sub-command."""
    parser = subparsers.add_parser(
        "episode",
        help="pause, resume, start, discard, or end an episode as success or failure",
        description=__doc__,
        epilog="; ".join(f"{verb}: {text}" for verb, text in VERBS.items()) + ".",
    )
    parser.add_argument("verb", choices=VERBS, metavar="|".join(VERBS), help="what to do; see below")
    person.add_options(parser)
    parser.set_defaults(handler=episode)


def episode(args: argparse.Namespace) -> int:
    """Ask the policy node; 0, or RobotRLError with its reason where that does not apply now."""
    with person.node("episode_steering", args) as node:
        print(person.ask(node, f"episode/{args.verb}", "policy"))
    return 0
