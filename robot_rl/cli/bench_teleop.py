"""`robot-rl bench teleop`: how soon a touch of the device moves the robot, and how smoothly control changes hands.

Real time, the nodes of the learn graph on the simulated arm, an untrained policy acting. A joystick (Joy messages) is
touched and let go at random instants. `touch_to_command`: from its message to the first command that follows from the
person's action; `rest`: from letting go to the first command towards rest; `back`: to the policy's first. Shares are of
the joints' limits, between successive commands from 0.3 s before to 0.3 s after; `jump_rad` is what a position changed
beyond them, `otherwise` the same away from hand-overs.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from robot_rl.bench.handover import Handover, summary
from robot_rl.cli.options import add_graph_options, graph_options
from robot_rl.core.errors import UsageError
from robot_rl.graph import environment

TOLERANCE = 1e-6


def add_parser(benches: Any) -> None:
    """Add `bench teleop`."""
    parser = benches.add_parser("teleop", help="touch to command, and jumps at hand-overs", description=__doc__)
    parser.add_argument("--repeats", type=int, default=100, metavar="N", help="touches (default: 100)")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    add_graph_options(parser, "learn", "domain")
    parser.set_defaults(handler=bench_teleop)


def bench_teleop(args: argparse.Namespace) -> int:
    """Measure; exit code 1 where a hand-over went beyond a limit."""
    if args.repeats < 1:
        raise UsageError(f"--repeats is {args.repeats}: give at least 1.")
    for name, value in environment.defaults().items():
        os.environ.setdefault(name, value)
    from robot_rl.cli.teleop_session import TeleopSession

    handovers: list[Handover] = []
    with (
        tempfile.TemporaryDirectory(prefix="robot_rl_bench_") as folder,
        TeleopSession(Path(folder), graph_options(args, "domain")) as session,
    ):
        while len(handovers) < args.repeats:
            handover = session.trial()
            if handover is not None:
                handovers.append(handover)
                print(f"{len(handovers)}/{args.repeats}: {handover.touch_s * 1e3:.1f} ms", file=sys.stderr, flush=True)
        figures = summary(handovers, session.between())
    print(json.dumps(figures) if args.json else "  ".join(f"{name} {value}" for name, value in figures.items()))
    jumps = any(figures[f"{way}_jump_rad"] > TOLERANCE for way in ("taking", "giving"))
    rough = any(figures[f"{way}_{what}_share_max"] > 1.0 + TOLERANCE for way in ("taking", "giving")
                for what in ("velocity", "acceleration"))  # fmt: skip
    return int(jumps or rough)
