"""`robot-rl bench policy`: milliseconds from an image to an action."""

from __future__ import annotations

import argparse
import json
from typing import Any

from robot_rl.cli.stages import stages
from robot_rl.core.errors import UsageError


def add_parser(benches: Any) -> None:
    """Add the benchmark to those of `robot-rl bench`."""
    parser = benches.add_parser("policy", help="image to action for SAC and QT-Opt, alone and beside a learner")
    parser.description = __doc__
    parser.add_argument("--repeats", type=int, default=500, metavar="N", help="actions of each (default: 500)")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.set_defaults(handler=bench_policy)


def bench_policy(args: argparse.Namespace) -> int:
    """Measure and print the figures."""
    from robot_rl.bench.policy import policy_figures

    if args.repeats < 1:
        raise UsageError(f"--repeats is {args.repeats}: give at least 1.")
    with stages() as stage:
        figures = policy_figures(args.repeats, stage("actions in turns, alone and beside a learner"))
    print(json.dumps(figures) if args.json else "\n".join(f"{name:24} {value}" for name, value in figures.items()))
    return 0
