"""`robot-rl bench calibration`: whole calibrations of the simulated cameras against the simulator's truth."""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from typing import Any

from robot_rl.core.errors import UsageError


def add_parser(benches: Any) -> None:
    """Add `bench calibration`."""
    parser = benches.add_parser("calibration", help="intrinsics and hand-eye against truth", description=__doc__)
    parser.add_argument("--trials", type=int, default=20, metavar="N", help="trials of each camera (default: 20)")
    parser.add_argument("--robot", default="fr3_sim", help="simulated robot with cameras wrist and front")
    parser.add_argument("--board", default="charuco_7x5_30", help="board (default: charuco_7x5_30)")
    parser.add_argument("--processes", type=int, default=2, metavar="N", help="processes to use (default: 2)")
    parser.add_argument("--seed", type=int, default=0, help="seed of everything random (default: 0)")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.set_defaults(handler=bench_calibration)


def bench_calibration(args: argparse.Namespace) -> int:
    """Measure; exit code 1 where a median is beyond its limit, or the errors told are not those made."""
    from robot_rl.bench.calibration import MOUNTS, figures, run_trials

    for name in ("trials", "processes"):
        if getattr(args, name) < 1:
            raise UsageError(f"--{name} is {getattr(args, name)}: give at least 1.")
    total, count = args.trials * len(MOUNTS), itertools.count(1)

    def done() -> None:
        print(f"{next(count)}/{total} calibrations", file=sys.stderr, flush=True)

    trials = run_trials(args.trials, args.robot, args.board, args.processes, args.seed, done)
    found = {camera: figures(done) for camera, done in trials.items()}
    for camera, values in found.items():
        for name, median in values["median"].items():
            print(f"{camera}: {name} {median:.4g} (at most {values['max'][name]:.4g})")
        ratios = ", ".join(f"{name} {ratio:.2f}" for name, ratio in values["made_over_told"].items())
        print(f"{camera}: errors made over errors told: {ratios}: {'ok' if values['ok'] else 'NOT ok'}")
    if args.json:
        print(json.dumps(found))
    return 0 if all(values["ok"] for values in found.values()) else 1
