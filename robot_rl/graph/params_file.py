"""ROS parameter files: what a node is started with, one file a node."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from robot_rl.graph.model import Graph, NodeSpec


def write_params(graph: Graph, directory: Path) -> dict[str, Path]:
    """Write `<node>.yaml` for every node below `directory` and return their paths by node name."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = {}
    for node in graph.nodes:
        paths[node.name] = directory / f"{node.name}.yaml"
        paths[node.name].write_text(params_text(node))
    return paths


def params_text(node: NodeSpec) -> str:
    """The node's parameters as a ROS parameter file.

    Empty lists are left out: ROS cannot tell their type; a node's own default stands for them and is empty as well.
    """
    return yaml.safe_dump({"/**": {"ros__parameters": _without_empty(node.parameters)}}, sort_keys=False)


def _without_empty(parameters: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key, value in parameters.items():
        if isinstance(value, Mapping):
            kept[key] = _without_empty(value)
        elif not isinstance(value, (list, tuple)) or len(value):
            kept[key] = list(value) if isinstance(value, tuple) else value
    return kept
