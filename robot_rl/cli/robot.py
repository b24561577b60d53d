"""`robot-rl robot check FILE`: is a robot's file fit for its robot?"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    SubParsers = argparse._SubParsersAction[argparse.ArgumentParser]

CHECK = "check a robot's file against its model: one sentence a finding, exit code 1 if anything is wrong"


def add_parser(subparsers: SubParsers) -> None:
    """Add `robot` and its commands to the command line."""
    parser = subparsers.add_parser("robot", help="check a robot's file", description=__doc__)
    commands = parser.add_subparsers(dest="robot_command", required=True, metavar="COMMAND")
    check = commands.add_parser("check", help=CHECK, description=CHECK)
    check.add_argument("robot", metavar="FILE", help="a robot's YAML file, or a name in config/robots")
    check.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    check.set_defaults(handler=_check)


def _check(args: argparse.Namespace) -> int:
    from robot_rl.robot.check import check_robot

    findings = check_robot(args.robot)
    for finding in findings:
        print(f"{'ok  ' if finding.ok else 'FAIL'} {finding.sentence}")
    ok = all(finding.ok for finding in findings)
    if args.json:
        print(json.dumps({"ok": ok, "findings": [asdict(finding) for finding in findings]}))
    return 0 if ok else 1
