"""`robot-rl bench pendulum`: learning curves of SAC and TD3 on Pendulum-v1."""

from __future__ import annotations

import argparse
import json
from typing import Any

from robot_rl.cli.stages import stages
from robot_rl.core.errors import UsageError

ALGORITHMS = ("sac", "td3")


def add_parser(benches: Any) -> None:
    """Add the benchmark to those of `robot-rl bench`."""
    parser = benches.add_parser("pendulum", help="learning curves of SAC and TD3 on Pendulum-v1, in process")
    parser.description = __doc__
    parser.add_argument("--algorithm", choices=ALGORITHMS, default="sac", help="learning algorithm (default: sac)")
    parser.add_argument("--seed", type=int, default=0, help="seed of everything random (default: 0)")
    parser.add_argument("--steps", type=int, default=10_000, metavar="N", help="environment steps (default: 10000)")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.set_defaults(handler=bench_pendulum)


def bench_pendulum(args: argparse.Namespace) -> int:
    """Learn, and print the mean return after every thousand steps."""
    import torch

    from robot_rl.bench import pendulum

    if not pendulum.gymnasium_installed():
        raise UsageError("gymnasium is not installed: `pip install -r requirements/bench.txt` adds it.")
    if args.steps < 1:
        raise UsageError(f"--steps is {args.steps}: give at least 1.")
    torch.set_num_threads(1)
    sizes = pendulum.Sizes(steps=args.steps, every=min(1000, args.steps))
    with stages() as stage:
        figures = pendulum.pendulum_figures(args.algorithm, args.seed, sizes, stage("learning"))
    print(json.dumps(figures) if args.json else "\n".join(f"{name:12} {value}" for name, value in figures.items()))
    return 0
