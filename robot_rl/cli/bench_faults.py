"""`robot-rl bench faults`: how soon the arm stands when a process of the running graph dies, hangs or freezes.

Real time, on the simulated arm; measured in the simulator's own joint states, from the newest message of the source
that falls silent. `moved_again` counts repeats in which the arm moved after it had come to a standstill and before the
source was brought back; for `safety_kill` the time after the restart of safety is included, with the policy stopped.
A learner that falls silent does not stop the arm at once: the policy goes on until too many steps are not on disk, and
holds the arm at the end of that episode; `steps_max` is how many it took, `lost_steps` what never came to disk.
Repeats in which the simulator itself was late by 0.1 s are made again and counted as `disturbed`: a machine that does
not keep up shows nothing of the graph.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from robot_rl.bench.faults import Fault, Trial, chosen, summary
from robot_rl.cli.options import add_graph_options, graph_options
from robot_rl.core.errors import UsageError
from robot_rl.graph import environment

AT_MOST = 2
"""Repeats made, over those asked for, where the machine is too busy to count each."""


def add_parser(benches: Any) -> None:
    """Add `bench faults`."""
    parser = benches.add_parser("faults", help="processes killed, stopped and frozen in real time", description=__doc__)
    parser.add_argument("--repeats", type=int, default=20, metavar="N", help="repeats of every case (default: 20)")
    parser.add_argument("--cases", default="", metavar="A,B", help="cases, by default all of them")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    add_graph_options(parser, "learn", "domain")
    parser.set_defaults(handler=bench_faults)


def bench_faults(args: argparse.Namespace) -> int:
    """Measure; exit code 1 where an arm did not come to a standstill, moved again, or a step was lost."""
    if args.repeats < 1:
        raise UsageError(f"--repeats is {args.repeats}: give at least 1.")
    faults = chosen(args.cases)
    for name, value in environment.defaults().items():
        os.environ.setdefault(name, value)
    cases: dict[str, dict[str, Any]] = {}
    lost = 0
    with tempfile.TemporaryDirectory(prefix="robot_rl_bench_") as folder:
        for graph in dict.fromkeys(fault.graph for fault in faults):
            of_graph = [fault for fault in faults if fault.graph == graph]
            lost += _measure(graph, of_graph, args.repeats, Path(folder), graph_options(args, "domain"), cases)
    if args.json:
        print(json.dumps({"cases": cases, "lost_steps": lost}))
    failed = any(case["never_stood"] or case["moved_again"] for case in cases.values())
    return int(failed or lost > 0)


def _measure(
    graph: str, faults: list[Fault], repeats: int, folder: Path, options: dict[str, str], cases: dict[str, Any]
) -> int:
    """Add the figures of `faults` to `cases`, telling each as it comes; return the steps lost."""
    from robot_rl.cli.fault_session import FaultSession

    with FaultSession(graph, folder, options) as session:
        for fault in faults:
            trials: list[Trial] = []
            while sum(not trial.disturbed for trial in trials) < repeats and len(trials) < AT_MOST * repeats:
                trials.append(session.trial(fault))
            cases[fault.name] = figures = summary(trials)
            shown = "  ".join(f"{name} {value}" for name, value in figures.items())
            print(f"{fault.name}: {shown}", file=sys.stderr, flush=True)
        return session.lost_steps()
