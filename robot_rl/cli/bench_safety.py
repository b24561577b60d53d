"""`robot-rl bench safety`: what adversarial commands can make the simulated arm do."""

from __future__ import annotations

import argparse
import json
from typing import Any

from robot_rl.bench.benign import BenignRun
from robot_rl.bench.safety import attack_in_processes, benign_figures
from robot_rl.core.errors import UsageError
from robot_rl.robot.spec import load_robot
from robot_rl.robot.tasks import load_task
from robot_rl.teleop.scripted import ScriptedExpert

TASKS = ("reach", "lift")


def add_parser(benches: Any) -> None:
    """Add `bench safety`."""
    parser = benches.add_parser("safety", help="adversarial commands through the safety layer", description=__doc__)
    parser.add_argument("--ticks", type=int, default=1_000_000, metavar="N", help="ticks in all (default: 1000000)")
    parser.add_argument("--robot", default="fr3_sim", help="simulated robot (default: fr3_sim)")
    parser.add_argument("--processes", type=int, default=2, metavar="N", help="processes to use (default: 2)")
    parser.add_argument("--episodes", type=int, default=50, metavar="N", help="benign episodes a task (default: 50)")
    parser.add_argument("--seed", type=int, default=0, help="seed of everything random (default: 0)")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.set_defaults(handler=bench_safety)


def bench_safety(args: argparse.Namespace) -> int:
    """Measure; exit code 1 where a limit was broken or something was touched that should not have been."""
    for name in ("ticks", "processes", "episodes"):
        if getattr(args, name) < 1:
            raise UsageError(f"--{name} is {getattr(args, name)}: give at least 1.")
    robot = load_robot(args.robot)
    figures = attack_in_processes(args.robot, args.ticks, args.processes, args.seed)
    runs = {}
    for task in TASKS:
        expert = ScriptedExpert(load_task(task), robot, noise=0.0, seed=args.seed)
        runs[task] = BenignRun(robot, task, expert, args.seed).run(args.episodes)
    figures |= benign_figures(runs)
    print(json.dumps(figures) if args.json else "\n".join(f"{name}: {value}" for name, value in figures.items()))
    return int(any(figures["violations"].values()) or figures["unplanned_contacts"] > 0)
