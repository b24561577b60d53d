"""The graph as launch_ros actions: everything the launch files have in common.

Needs ROS's `launch` and `launch_ros`, which no wheel brings: imported by the launch files only.
"""

from __future__ import annotations

import os
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    LogInfo,
    OpaqueFunction,
    RegisterEventHandler,
    TimerAction,
)
from launch.event_handlers import OnProcessExit
from launch.events import Shutdown
from launch_ros.actions import Node

from robot_rl.core.errors import RobotRLError
from robot_rl.graph import guard
from robot_rl.graph.arguments import Argument, parse_assignments
from robot_rl.graph.build import GRAPHS, build
from robot_rl.graph.locks import domain_of
from robot_rl.graph.model import Graph, NodeSpec
from robot_rl.graph.restart import RestartRule
from robot_rl.graph.session import check_run, prepare, run_of, take_locks

_held: list[Any] = []
"""Locks and guard, for the life of the launch process: the guard stops what a killed `ros2 launch` leaves behind."""


def launch_description(name: str) -> LaunchDescription:
    """The launch description of graph `name`: its arguments, and its nodes once their values are known."""
    given: dict[str, str] = {}
    declared = [_declare(argument) for argument in GRAPHS[name].arguments]
    before = OpaqueFunction(function=_note_given, args=[name, given])
    return LaunchDescription([before, *declared, OpaqueFunction(function=_start, args=[name, given])])


def _declare(argument: Argument) -> DeclareLaunchArgument:
    choices = list(argument.spellings) or None
    return DeclareLaunchArgument(
        argument.name, description=argument.description, default_value=argument.default, choices=choices
    )


def _note_given(context: LaunchContext, name: str, given: dict[str, str]) -> None:
    """Collect what the user gave, before the declarations add their defaults."""
    known = {argument.name for argument in GRAPHS[name].arguments}
    own = any(Path(word).name == f"{name}.launch.py" for word in sys.argv)
    if own:  # launched directly, not included: what is unknown here is misspelt
        given.update(parse_assignments(word for word in context.argv if not word.startswith("launch-prefix")))
    given.update({key: value for key, value in context.launch_configurations.items() if key in known})


def _start(context: LaunchContext, name: str, given: dict[str, str]) -> list[Any]:
    del context
    graph = build(name, given)
    check_run(graph)
    locks = take_locks(run_of(graph), domain_of(graph.arguments.get("domain"), os.environ))
    params = prepare(graph)
    mark = uuid.uuid4().hex
    log = run_of(graph).log(name) / "guard.log"
    _held.extend([*locks, guard.start(mark, str(log), [lock.fileno() for lock in locks])])
    starts = [Start(graph, node, RestartRule(node), params[node.name], mark) for node in graph.nodes]
    return [action for start in starts for action in start.actions()]


@dataclass(frozen=True)
class Start:
    """How one node is started, and again after a crash."""

    graph: Graph
    spec: NodeSpec
    rule: RestartRule
    params: Path
    mark: str

    def actions(self) -> list[Any]:
        """Actions that start the node and do what the rule says when it ends."""
        node, began = self._node(), time.monotonic()

        def ended(event: Any, context: LaunchContext) -> list[Any]:
            return [] if context.is_shutdown else self._after(event.returncode, time.monotonic() - began)

        return [RegisterEventHandler(OnProcessExit(target_action=node, on_exit=ended)), node]

    def _node(self) -> Node:
        spec = self.spec
        own = guard.variables(self.mark, spec.stop_order, spec.stop_timeout_s)
        return Node(
            package="robot_rl",
            executable=spec.executable,
            name=spec.name,
            namespace=self.graph.namespace,
            parameters=[str(self.params)],
            remappings=list(spec.remappings),
            additional_env={**self.graph.variables(spec, os.environ), **own},
            output="both",
            sigterm_timeout=str(spec.stop_timeout_s),
        )

    def _after(self, code: int, lived_s: float) -> list[Any]:
        verdict = self.rule.decide(code, lived_s)
        if verdict.action == "shutdown" and verdict.exit_code:
            return [OpaqueFunction(function=_fail, args=[verdict.sentence])]
        actions: list[Any] = [LogInfo(msg=verdict.sentence)]
        if verdict.action == "restart":
            again = OpaqueFunction(function=lambda _: self.actions())
            actions.append(TimerAction(period=verdict.delay_s, actions=[again]))
        elif verdict.action == "shutdown":
            actions.append(EmitEvent(event=Shutdown(reason=verdict.sentence)))
        return actions


def _fail(context: LaunchContext, sentence: str) -> None:
    """An exception is how `ros2 launch` comes to a non-zero exit code."""
    del context
    raise RobotRLError(sentence)
