"""`robot-rl bench learner`: milliseconds of a whole SAC update, with LeRobot's beside it."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from robot_rl.cli.stages import require_space, stages

DISK_GB = 0.5
EXTRA = (
    "LeRobot is not installed, so lerobot_ms is null: `pip install -r requirements/bench.txt` and then "
    "`pip install --no-deps lerobot==0.4.4` add it."
)


def add_parser(benches: Any) -> None:
    """Add the benchmark to those of `robot-rl bench`."""
    parser = benches.add_parser("learner", help="a whole SAC update, and LeRobot's at the same network and batch")
    parser.description = __doc__
    parser.add_argument(
        "--plain-lerobot", action="store_true", help="LeRobot without torch.compile, which it defaults to"
    )
    parser.add_argument("--quick", action="store_true", help="see in seconds that all works; figures mean nothing")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.set_defaults(handler=bench_learner)


def bench_learner(args: argparse.Namespace) -> int:
    """Measure on stores in a temporary folder and print the figures."""
    from robot_rl.bench import learner
    from robot_rl.bench.learner_peer import lerobot_installed

    require_space(Path(tempfile.gettempdir()), DISK_GB)
    sizes = learner.QUICK if args.quick else learner.FULL
    with tempfile.TemporaryDirectory(prefix="robot_rl_bench_") as folder, stages() as stage:
        figures = learner.learner_figures(Path(folder), sizes, not args.plain_lerobot, stage)
    if not lerobot_installed():
        print(EXTRA, file=sys.stderr)
    print(json.dumps(figures) if args.json else "\n".join(f"{name:24} {value}" for name, value in figures.items()))
    return 0
