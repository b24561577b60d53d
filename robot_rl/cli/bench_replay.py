"""`robot-rl bench replay`: the replay store's figures, with memcpy, TorchRL and plain zarr beside it."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from robot_rl.bench import replay
from robot_rl.cli.stages import require_space, stages

DISK_GB = 5.0
EXTRA = "TorchRL is not installed, so torchrl_gbps is null: `pip install -r requirements/bench.txt` adds it."


def add_parser(benches: Any) -> None:
    """Add the benchmark to those of `robot-rl bench`."""
    parser = benches.add_parser("replay", help="sampling, appending, disk and memory of the replay store, and peers")
    parser.description = __doc__
    parser.add_argument("--folder", metavar="DIR", help="where to write 4 GB meanwhile (default: temporary files)")
    parser.add_argument("--quick", action="store_true", help="see in seconds that all works; figures mean nothing")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.set_defaults(handler=bench_replay)


def bench_replay(args: argparse.Namespace) -> int:
    """Measure with stores in a temporary folder and print the figures."""
    root = Path(args.folder or tempfile.gettempdir())
    sizes = replay.QUICK if args.quick else replay.FULL
    require_space(root, 0.1 if args.quick else DISK_GB)
    with tempfile.TemporaryDirectory(prefix="robot_rl_bench_", dir=root) as folder, stages() as stage:
        figures = replay.replay_figures(Path(folder), sizes, stage)
    if figures["torchrl_gbps"] is None:
        print(EXTRA, file=sys.stderr)
    print(json.dumps(figures) if args.json else "\n".join(f"{name:28} {value}" for name, value in figures.items()))
    return 0
