"""What both front ends do before the first node starts: locks, the run directory, parameter files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from robot_rl.config.run_dir import IDENTITY, RunDir
from robot_rl.graph.demonstrations import import_bags
from robot_rl.graph.locks import HeldLock, take_domain, take_run
from robot_rl.graph.model import Graph
from robot_rl.graph.params_file import write_params
from robot_rl.robot.gl import choose_backend


def run_of(graph: Graph) -> RunDir:
    """The run directory of a graph."""
    return RunDir.named(graph.arguments["run"])


def identity_of(graph: Graph) -> dict[str, Any]:
    """What a run keeps for life: the rig, and for training the seed and where its rewards come from."""
    rig = graph.node("safety").parameters
    identity = {key: rig[key] for key in IDENTITY}
    if graph.name != "learn":
        return identity
    sources = [node.parameters["source"] for node in graph.nodes if node.name == "reward"]
    return {**identity, "seed": graph.arguments["seed"], "reward": "".join(sources) or "topic"}


def take_locks(run: RunDir, domain: int) -> list[HeldLock]:
    """Lock ROS domain and run directory for as long as the graph lives; UsageError if another graph has one."""
    held = [take_domain(domain, str(run.path))]
    try:
        held.append(take_run(run.lock, str(run.path)))
    except BaseException:
        held[0].release()
        raise
    return held


def check_run(graph: Graph) -> None:
    """Raise UsageError if the graph does not fit its run directory, or cannot render its cameras; writes nothing."""
    if any(node.executable == "sim" for node in graph.nodes):
        choose_backend()
    run_of(graph).check(identity_of(graph))


def prepare(graph: Graph) -> Mapping[str, Path]:
    """Record the graph in its run's config.yaml, import the bags it learns from, write its parameter files.

    Returns their paths by node. Raises RobotRLError where a bag cannot be used.
    """
    run = run_of(graph)
    nodes = {node.name: dict(node.parameters) for node in graph.nodes}
    run.record(identity_of(graph), graph.name, {"arguments": dict(graph.arguments), "nodes": nodes})
    import_bags(graph.arguments.get("demos", ()), run, graph.node("safety").parameters)
    return write_params(graph, run.log(graph.name) / "params")
