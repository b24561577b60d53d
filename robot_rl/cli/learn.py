"""`robot-rl learn TASK`: demonstrations, training, evaluation and report, each skipped where it is done already.

Where the frozen policy misses the threshold that training reached, training goes on while there is budget left.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import Any

from robot_rl.cli import eval as evaluation
from robot_rl.cli.options import add_graph_options, graph_options
from robot_rl.cli.running import Runner, runner_for
from robot_rl.config.run_dir import RunDir
from robot_rl.core.errors import RobotRLError, UsageError
from robot_rl.graph import Graph, build
from robot_rl.graph.session import run_of
from robot_rl.learning.goal import INTERRUPTED, SUCCESS
from robot_rl.replay.reader import ReplayReader

SHARED = ("run", "seed", "pace", "domain", "config", "view", "reward")
TRAINING = ("budget_s", "success_threshold", "utd", "supervisor")
GOAL = ("budget_s", "max_steps", "success_threshold", "success_window")
"""Parameters of the learner that decide when training has ended."""


def add_parser(subparsers: Any) -> None:
    """Add the sub-command."""
    parser = subparsers.add_parser("learn", help="the whole job: demonstrations, training, evaluation, report")
    parser.description = __doc__
    parser.add_argument("task", metavar="TASK", help="task to learn")
    parser.add_argument(
        "--demos",
        type=demonstrations,
        default=20,
        metavar="N|PATHS",
        help="demonstrations to record, or replay stores and bags that hold them: a.zarr,b.mcap (default: 20)",
    )
    parser.add_argument("--episodes", type=int, default=50, metavar="N", help="evaluation episodes (default: 50)")
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object as the last line")
    parser.add_argument("--verbose", action="store_true", help="show all output of all nodes")
    add_graph_options(parser, "learn", *SHARED, *TRAINING)
    parser.set_defaults(handler=learn)


def demonstrations(text: str) -> int | str:
    """How many demonstrations to record, or the stores that hold them; ArgumentTypeError for a negative number."""
    try:
        count = int(text)
    except ValueError:
        return text
    if count < 0:
        raise argparse.ArgumentTypeError(f"{count} demonstrations cannot be recorded: give at least 0, or stores")
    return count


def learn(args: argparse.Namespace) -> int:
    """Do what is still to do; 0 if the evaluation reaches the task's success threshold, 1 if not."""
    if args.episodes < 1:
        raise UsageError(f"--episodes {args.episodes}: give at least 1.")
    shared = {"task": args.task, **graph_options(args, *SHARED)}
    given = {**shared, **graph_options(args, *TRAINING)}
    if isinstance(args.demos, str):
        given["demos"] = args.demos
    graph = build("learn", given)
    with runner_for(graph, args.verbose) as runner:
        if isinstance(args.demos, int):
            record(shared, args.demos, runner)
        graph = build("learn", given)
        figures = train(graph, shared, args.episodes, runner)
    report(run_of(graph), runner)
    print(json.dumps(figures) if args.json else evaluation.sentence(figures))
    return judge(figures, graph)


def record(shared: Mapping[str, str], wanted: int, runner: Runner) -> None:
    """Record demonstrations until the run has `wanted` successful ones."""
    run = run_of(build("demo", shared))
    have = successes(run)
    if have < wanted:
        runner.say(f"recording {wanted - have} demonstrations into '{run.demos}'")
        seed = int(shared.get("seed", 0)) + have  # going on with other situations than those recorded
        runner.require(build("demo", {**shared, "seed": str(seed), "episodes": str(wanted - have)}))
    if successes(run) < wanted:
        raise RobotRLError(f"'{run.demos}' holds {successes(run)} of {wanted} demonstrations: run the command again.")


def successes(run: RunDir) -> int:
    """Complete successful episodes among the run's demonstrations."""
    if not run.demos.is_dir():
        return 0
    return sum(episode.complete and episode.success for episode in ReplayReader(run.demos).episodes())


def train(graph: Graph, shared: Mapping[str, str], episodes: int, runner: Runner) -> dict[str, Any]:
    """Train and evaluate in turns until the training has come to its end; the figures of the last evaluation."""
    run = run_of(graph)
    while True:
        if is_trained(graph):
            runner.say(f"run '{run.name}' is trained already")
        else:
            runner.say(f"training in '{run.path}'")
            runner.require(graph)
            if not has_ended(graph):
                raise RobotRLError(f"training in '{run.path}' was stopped before its end: run the command again.")
        figures = assess(run, shared, episodes, runner)
        if not falls_short(graph):
            return figures
        runner.say(f"{evaluation.sentence(figures)}: fewer than in training, which goes on")


def is_trained(graph: Graph) -> bool:
    """True if the run's last training has ended and nothing shows that it ended too early."""
    return has_ended(graph) and not falls_short(graph)


def has_ended(graph: Graph) -> bool:
    """True if the run's last training came to an end of its own with the same goal and budget."""
    run = run_of(graph)
    if not run.weights.is_file():
        return False
    before = run.read().get("graphs", {}).get("learn", {}).get("nodes", {}).get("learner", {}).get("learner", {})
    now = graph.node("learner").parameters["learner"]
    reason = run.result().get("reason", INTERRUPTED)
    return reason != INTERRUPTED and all(before.get(key) == now[key] for key in GOAL)


def falls_short(graph: Graph) -> bool:
    """True if training ended at its threshold, its frozen policy misses that, and there is budget left."""
    run, learner = run_of(graph), graph.node("learner").parameters["learner"]
    result, figures = run.result(), run.evaluation()
    missed = figures.get("success_rate", 1.0) < learner["success_threshold"]
    left = not 0 < learner["budget_s"] <= result.get("train_wall_s", 0.0)
    same = figures.get("policy_version") == result.get("policy_version")
    return result.get("reason") == SUCCESS and same and missed and left


def assess(run: RunDir, shared: Mapping[str, str], episodes: int, runner: Runner) -> dict[str, Any]:
    """Figures of the evaluation: those in eval.json where they are of this policy, else new ones."""
    given = {key: shared[key] for key in ("pace", "domain", "config", "view") if key in shared}
    given["reward"] = "simulator"  # true success, whatever the policy was rewarded by
    graph = evaluation.eval_graph(run, {**given, "episodes": str(episodes)})
    figures, version = run.evaluation(), run.result().get("policy_version")
    if (figures.get("policy_version"), figures.get("episodes")) == (version, episodes):
        return figures
    runner.say(f"evaluating over {episodes} episodes")
    return evaluation.evaluate(graph, runner)


def report(run: RunDir, runner: Runner) -> None:
    """Write report.html."""
    from robot_rl.cli.report import write_report  # draws charts: not loaded while the graph runs

    runner.say(f"report: '{write_report(run.path)}'")


def judge(figures: Mapping[str, Any], graph: Graph) -> int:
    """0 if the success rate reaches the task's threshold; RobotRLError if not."""
    threshold = graph.node("learner").parameters["learner"]["success_threshold"]
    if figures["success_rate"] >= threshold:
        return 0
    raise RobotRLError(
        f"success rate {figures['success_rate']:.0%} is below the {threshold:.0%} that task '{figures['task']}' asks "
        "for: give a larger budget with --budget-s and run the command again, training goes on."
    )
