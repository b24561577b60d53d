"""`robot-rl eval RUN`: evaluate a run's frozen policy over N episodes and write eval.json."""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from robot_rl.cli.options import add_graph_options, graph_options
from robot_rl.cli.running import Runner, runner_for
from robot_rl.config.run_dir import RunDir
from robot_rl.core.errors import RobotRLError, UsageError
from robot_rl.core.files import write_json
from robot_rl.core.statistics import success_interval
from robot_rl.graph import Graph, build
from robot_rl.replay.reader import ReplayReader

OPTIONS = ("episodes", "seed", "pace", "domain", "checkpoint", "config", "reward")
TRAINING = ("env_steps", "updates", "train_wall_s")


def add_parser(subparsers: Any) -> None:
    """Add the sub-command."""
    parser = subparsers.add_parser("eval", help="evaluate a trained policy", description=__doc__)
    parser.add_argument("run", metavar="RUN", help="run directory: a name below runs/, or a path with a '/'")
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object as the last line")
    parser.add_argument("--verbose", action="store_true", help="show all output of all nodes")
    add_graph_options(parser, "eval", *OPTIONS)
    parser.set_defaults(handler=run_eval)


def run_eval(args: argparse.Namespace) -> int:
    """Evaluate, print and store the figures; 0."""
    graph = eval_graph(RunDir.named(args.run), graph_options(args, *OPTIONS))
    with runner_for(graph, args.verbose) as runner:
        figures = evaluate(graph, runner)
    print(json.dumps(figures) if args.json else sentence(figures))
    return 0


def eval_graph(run: RunDir, given: Mapping[str, str]) -> Graph:
    """The eval graph of a trained run: its task and rig, and the parameters that it was trained with."""
    stored = run.read()
    if "identity" not in stored:
        raise UsageError(f"'{run.path}' is no run directory: give the name of a run that was trained.")
    identity = stored["identity"]
    trained = stored.get("graphs", {}).get("learn", {}).get("nodes", {})
    settings = {node: _of_rig(trained[node]) for node in ("policy", "safety", "reward", "proprio") if node in trained}
    settings["/**"] = {key: identity[key] for key in ("cameras", "image_size", "rate_hz")}
    arguments = {"task": identity["task"], "robot": identity["robot"], "run": str(run.path), **given}
    return build("eval", arguments, settings)


def evaluate(graph: Graph, runner: Runner) -> dict[str, Any]:
    """Run the eval graph in an empty store and return its figures, also written to eval.json of the run."""
    run = RunDir.named(graph.arguments["run"])
    store, before = Path(graph.node("recorder").parameters["store"]), run.evaluation().get("evaluations", 0)
    shutil.rmtree(store, ignore_errors=True)
    runner.require(graph)
    figures = {"task": graph.arguments["task"], **measure(store, graph.arguments["episodes"])}
    figures |= what_it_took(run, figures["policy_version"])
    figures["evaluations"] = before + 1
    write_json(run.eval_json, figures)
    return figures


def what_it_took(run: RunDir, version: int) -> dict[str, Any]:
    """Steps, updates and time behind the weights that training left; None each for those of an older checkpoint."""
    training = run.result()
    known = training if training.get("policy_version") == version else {}
    return {key: known.get(key) for key in TRAINING}


def measure(store: Path, episodes: int) -> dict[str, Any]:
    """Figures of the first `episodes` complete episodes in `store`; RobotRLError if there are fewer."""
    reader = ReplayReader(store)
    done = [episode for episode in reader.episodes() if episode.complete][:episodes]
    if len(done) < episodes:
        raise RobotRLError(f"'{store}' holds {len(done)} of {episodes} complete episodes: evaluate again.")
    versions = reader.take("policy_version", np.array([episode.start for episode in done]))
    successes = sum(episode.success for episode in done)
    low, high = success_interval(successes, episodes)
    return {
        "episodes": episodes,
        "successes": successes,
        "success_rate": successes / episodes,
        "ci95": [round(low, 4), round(high, 4)],
        "mean_length": round(float(np.mean([episode.length for episode in done])), 2),
        "policy_version": int(versions[-1]),
    }


def sentence(figures: Mapping[str, Any]) -> str:
    """The figures for a person."""
    low, high = figures["ci95"]
    return (
        f"{figures['task']}: {figures['successes']} of {figures['episodes']} episodes succeeded "
        f"({figures['success_rate']:.0%}, 95 % interval {low:.0%} to {high:.0%}), "
        f"{figures['mean_length']:g} steps on average, policy version {figures['policy_version']}"
    )


OF_TRAINING = ("use_sim_time", "episodes", "seed", "source", "hold")
"""Parameters of the training graph that an evaluation has of its own: it judges by the truth, where that is known."""


def _of_rig(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in parameters.items() if key not in OF_TRAINING}
