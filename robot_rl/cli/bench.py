"""`robot-rl bench NAME`: measurements of the running system."""

from __future__ import annotations

import argparse
import dataclasses
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from robot_rl.bench.control import camera_figures, command_figures, control_figures
from robot_rl.cli import (
    bench_calibration,
    bench_cameras,
    bench_faults,
    bench_learner,
    bench_pendulum,
    bench_policy,
    bench_replay,
    bench_safety,
    bench_teleop,
)
from robot_rl.cli.learn import record
from robot_rl.cli.options import add_graph_options, graph_options
from robot_rl.cli.running import runner_for
from robot_rl.config.loader import to_plain
from robot_rl.config.run_dir import RunDir
from robot_rl.core.errors import RobotRLError
from robot_rl.graph import build
from robot_rl.graph.session import run_of
from robot_rl.replay.reader import ReplayReader
from robot_rl.robot.spec import load_robot

NEVER = {"learner": {"learner": {"success_window": 1_000_000, "start_steps": 0}}}
"""The learner works from the first step on and does not stop before its budget."""
ROBOT = "fr3_sim"


def add_parser(subparsers: Any) -> None:
    """Add the sub-command."""
    parser = subparsers.add_parser("bench", help="measure the running system", description=__doc__)
    benches = parser.add_subparsers(dest="bench", metavar="NAME", required=True)
    control = benches.add_parser("control", help="the control loop in real time while the learner uses the machine")
    control.add_argument("--task", default="reach", help="task (default: reach)")
    control.add_argument("--seconds", type=float, default=60.0, metavar="S", help="time to measure (default: 60)")
    control.add_argument("--command-hz", type=float, metavar="HZ", help="commands a second (default: the robot's own)")
    control.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    control.add_argument("--verbose", action="store_true", help="show all output of all nodes")
    add_graph_options(control, "learn", "domain")
    control.set_defaults(handler=bench_control)
    bench_replay.add_parser(benches)
    bench_learner.add_parser(benches)
    bench_pendulum.add_parser(benches)
    bench_policy.add_parser(benches)
    bench_safety.add_parser(benches)
    bench_faults.add_parser(benches)
    bench_teleop.add_parser(benches)
    bench_calibration.add_parser(benches)
    bench_cameras.add_parser(benches)


def bench_control(args: argparse.Namespace) -> int:
    """Run the learn graph in real time on the simulated arm, and tell how well the control rate held."""
    with tempfile.TemporaryDirectory(prefix="robot_rl_bench_") as folder:
        config, ticks = Path(folder, "bench.yaml"), Path(folder, "ticks.npy")
        config.write_text(yaml.safe_dump({**NEVER, "safety": {"timing_file": str(ticks)}}))
        robot = ROBOT if args.command_hz is None else commanded_at(args.command_hz, Path(folder))
        shared = {"task": args.task, "robot": robot, "run": str(Path(folder, "run")), **graph_options(args, "domain")}
        with runner_for(build("demo", shared), args.verbose) as runner:
            record(shared, 5, runner)
            real_time = {"pace": "1.0", "config": str(config), "budget_s": str(args.seconds)}
            graph = build("learn", {**shared, **real_time})
            runner.require(graph)
        run = run_of(graph)
        figures: dict[str, Any] = control_figures(ReplayReader(run.replay), graph.node("policy").parameters["rate_hz"])
        figures |= camera_figures(ReplayReader(run.replay), graph.node("policy").parameters["cameras"])
        figures |= command_figures(np.load(ticks), ReplayReader(run.replay))
        figures |= learner_share(run)
    print(json.dumps(figures) if args.json else "  ".join(f"{name} {value}" for name, value in figures.items()))
    return 0


def commanded_at(rate_hz: float, folder: Path) -> str:
    """Path of a file in `folder` with the simulated robot, commanded `rate_hz` times a second."""
    robot = load_robot(ROBOT)
    faster = dataclasses.replace(robot, command=dataclasses.replace(robot.command, rate_hz=rate_hz))
    path = folder / "robot.yaml"
    path.write_text(yaml.safe_dump(to_plain(faster)))
    return str(path)


def learner_share(run: RunDir) -> dict[str, float]:
    """How busy the learner was meanwhile."""
    data = run.result()
    if not data:
        raise RobotRLError(f"'{run.result_json}' is missing: the learner did not finish; see the node logs.")
    return {"updates_per_s": round(data["updates"] / max(data["train_wall_s"], 1e-9), 2)}
