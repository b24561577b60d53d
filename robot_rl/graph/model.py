"""The graph as data: nodes with their parameters and policies, and the environment they run in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

OnExit = Literal["shutdown", "restart", "ignore"]


@dataclass(frozen=True, kw_only=True)
class NodeSpec:
    """One node process."""

    name: str
    """ROS node name."""
    executable: str
    """Installed executable, and module of `robot_rl.nodes`."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """ROS parameters, nested mappings for dotted names."""
    remappings: tuple[tuple[str, str], ...] = ()
    """(from, to) names."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables for this node, where the user has not set them."""
    on_exit: OnExit = "restart"
    """What exit code 0 means: the graph's job is done, a crash like any other, or nothing."""
    restarts: int = 5
    """Crashes in a row after which the graph ends (or, with on_exit 'ignore', goes on without the node)."""
    stop_order: int = 0
    """Nodes stop in ascending order, those of one number together."""
    stop_timeout_s: float = 6.0
    """Time [s] a node has from SIGINT to its end before it gets SIGTERM."""
    console: bool = False
    """Its output is for the person: shown as it is; of other nodes only warnings and errors are."""
    keys: bool = False
    """It reads the keyboard: it gets the terminal's standard input, where there is one."""


@dataclass(frozen=True, kw_only=True)
class Graph:
    """A resolved graph, ready to be started by either front end."""

    name: str
    nodes: tuple[NodeSpec, ...]
    arguments: Mapping[str, Any]
    """Every argument with the value in force."""
    defaults: Mapping[str, str] = field(default_factory=dict)
    """Environment variables for all nodes, where the user has not set them."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Environment variables for all nodes that override the user's."""
    namespace: str = ""

    def node(self, name: str) -> NodeSpec:
        """The node called `name`; KeyError when there is none."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise KeyError(name)

    def variables(self, node: NodeSpec, environ: Mapping[str, str]) -> dict[str, str]:
        """Environment variables to add to `environ` (the user's) for `node`."""
        chosen = {**self.defaults, **node.environment}
        unset = {name: value for name, value in chosen.items() if name not in environ}
        return {**unset, **self.environment}
