"""The process supervisor: starts a graph's nodes, restarts them, and stops them in order, the robot held first."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType

from robot_rl.cli.child import Child
from robot_rl.cli.console import Console, bare, is_warning
from robot_rl.cli.keys import is_foreground_terminal
from robot_rl.core.exit_code import TELL_APART, USAGE
from robot_rl.graph import guard
from robot_rl.graph.model import Graph, NodeSpec
from robot_rl.graph.restart import RestartRule

Command = Callable[[Graph, NodeSpec, Path], Sequence[str]]
PARENT_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def node_command(graph: Graph, node: NodeSpec, params: Path) -> list[str]:
    """The command that runs a node of this package."""
    renames = [("__node", node.name), *node.remappings]
    if graph.namespace:
        renames.append(("__ns", "/" + graph.namespace.strip("/")))
    remaps = [word for old, new in renames for word in ("-r", f"{old}:={new}")]
    # The supervisor keeps the logs: the files that ROS would write itself are not needed.
    ros = ["--ros-args", "--params-file", str(params), "--disable-external-lib-logs", *remaps]
    return [sys.executable, "-m", f"robot_rl.nodes.{node.executable}", *ros]


def node_environment(graph: Graph, node: NodeSpec, mark: str) -> dict[str, str]:
    """The environment of a node of the graph `mark`, whose end by a signal is told from a job that is done."""
    member = guard.variables(mark, node.stop_order, node.stop_timeout_s)
    return {**os.environ, **graph.variables(node, os.environ), **member, **TELL_APART}


class Interrupts:
    """Counts the stop requests (SIGINT, SIGTERM, SIGHUP) that this process gets while it is entered."""

    def __init__(self) -> None:
        self.count = 0
        self.exit_code = 0

    def __enter__(self) -> Interrupts:
        self._before = {number: signal.signal(number, self._on_signal) for number in PARENT_SIGNALS}
        return self

    def __exit__(self, *exc: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del frame
        self.count += 1
        self.exit_code = self.exit_code or 128 + number


class Supervisor:
    """Runs one graph to its end. Nothing of it survives `run`, however that ends."""

    def __init__(
        self,
        graph: Graph,
        params: Mapping[str, Path],
        log_dir: Path,
        interrupts: Interrupts,
        console: Console,
        command: Command = node_command,
        hold: Sequence[int] = (),
    ) -> None:
        """`params`: parameter file of each node. `hold`: locks' file descriptors, kept until the last node is gone."""
        self._graph = graph
        self._params = params
        self._log_dir = log_dir
        self._interrupts = interrupts
        self._console = console
        self._command = command
        self._hold = tuple(hold)
        self._mark = uuid.uuid4().hex
        self._children: dict[str, Child] = {}
        self._due: dict[str, float] = {}
        self._rules = {node.name: RestartRule(node) for node in graph.nodes}
        self._verdict: int | None = None

    def run(self) -> int:
        """Start the nodes and return the graph's exit code once the last of them has gone."""
        for node in self._graph.nodes:
            (self._log_dir / f"{node.name}.log").unlink(missing_ok=True)
        self._guard = self._start_guard()
        try:
            for node in self._graph.nodes:
                self._start(node)
            while self._verdict is None and not self._interrupts.count:
                self._step()
                time.sleep(guard.TICK_S)
        finally:
            self._stop()
        return self._interrupts.exit_code if self._verdict is None else self._verdict

    def _start(self, node: NodeSpec) -> None:
        self._due.pop(node.name, None)
        environ = node_environment(self._graph, node, self._mark)
        command = self._command(self._graph, node, self._params[node.name])
        terminal = node.console and not self._is_plain(node)
        log, keys = self._log_dir / f"{node.name}.log", node.keys and is_foreground_terminal()
        self._children[node.name] = Child(command, environ, log, terminal, keys)

    def _step(self) -> None:
        if self._guard.poll() is not None:
            self._guard = self._start_guard()
        for node in self._graph.nodes:
            self._watch(node)
            if self._verdict is not None:
                return
            if self._due.get(node.name, float("inf")) <= time.monotonic():
                self._start(node)

    def _watch(self, node: NodeSpec) -> None:
        child = self._children.get(node.name)
        if child is None:
            return
        code = child.poll()
        self._show(node, child)
        if code is None:
            return
        del self._children[node.name]
        verdict = self._rules[node.name].decide(code, child.lived_s())
        last = child.last_line() if code else ""
        reason = f": {bare(last)}" if last and not is_warning(last) else ""
        log = "" if code in (0, USAGE) else f" (log: {self._log_dir / node.name}.log)"
        child.close()
        if code or verdict.action != "ignore":
            self._console.say(f"{verdict.sentence}{reason}{log}")
        if verdict.action == "restart":
            self._due[node.name] = time.monotonic() + verdict.delay_s
        elif verdict.action == "shutdown":
            self._verdict = verdict.exit_code

    def _show(self, node: NodeSpec, child: Child) -> None:
        for line in child.new_lines():
            self._console.node_line(node.name, line, plain=self._is_plain(node))

    def _is_plain(self, node: NodeSpec) -> bool:
        """True where the lines of a node for the person go through here; on a terminal it draws by itself."""
        return node.console and not self._console.is_terminal

    def _stop(self) -> None:
        asked = min(self._interrupts.count, 1)
        if asked:
            self._console.say("stopping; interrupt again to hurry")
        guard.stop_all(self._mark, lambda: self._tick_of_stop(asked))
        self._tick_of_stop(asked)
        for child in self._children.values():
            child.close()
        self._guard.communicate()

    def _tick_of_stop(self, asked: int) -> int:
        for node in self._graph.nodes:
            child = self._children.get(node.name)
            if child is not None:
                child.poll()
                self._show(node, child)
        return self._interrupts.count - asked

    def _start_guard(self) -> subprocess.Popen[bytes]:
        self._log_dir.mkdir(parents=True, exist_ok=True)
        return guard.start(self._mark, str(self._log_dir / "guard.log"), self._hold)
