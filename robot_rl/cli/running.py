"""Runs graphs for the commands: locks, interrupts, console and one supervisor after the other."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, ExitStack

from robot_rl.cli.console import Console
from robot_rl.cli.keys import keys_for
from robot_rl.cli.supervisor import Interrupts, Supervisor
from robot_rl.config.run_dir import RunDir
from robot_rl.core.errors import RobotRLError
from robot_rl.graph.locks import domain_of
from robot_rl.graph.model import Graph
from robot_rl.graph.session import check_run, prepare, run_of, take_locks


class GraphFailed(RobotRLError):
    """A graph ended with an exit code other than 0."""

    def __init__(self, graph: Graph, exit_code: int) -> None:
        super().__init__(f"graph '{graph.name}' failed: the node logs are in '{run_of(graph).log(graph.name)}'.")
        self.exit_code = exit_code


class Interrupted(RobotRLError):
    """A person or the system asked to stop; everything has been stopped."""

    def __init__(self, exit_code: int) -> None:
        super().__init__("interrupted, and everything stopped in order; the same command again goes on from here.")
        self.exit_code = exit_code


class Runner(AbstractContextManager["Runner"]):
    """Holds domain and run directory while entered, and runs graphs in them."""

    def __init__(self, run: RunDir, domain: int, verbose: bool = False) -> None:
        self._run, self._domain = run, domain
        self._console = Console(verbose=verbose)

    def __enter__(self) -> Runner:
        with ExitStack() as stack:
            self._locks = take_locks(self._run, self._domain)
            for lock in self._locks:
                stack.callback(lock.release)
            self.interrupts = stack.enter_context(Interrupts())
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def say(self, sentence: str) -> None:
        """Tell the person what is being done."""
        self._console.say(sentence)

    def run(self, graph: Graph) -> int:
        """Run `graph` and return its exit code."""
        params = prepare(graph)
        hold = [lock.fileno() for lock in self._locks]
        log = run_of(graph).log(graph.name)
        with keys_for(graph):
            return Supervisor(graph, params, log, self.interrupts, self._console, hold=hold).run()

    def require(self, graph: Graph) -> None:
        """Run `graph`; raise Interrupted or GraphFailed unless it ends with exit code 0."""
        code = self.run(graph)
        if self.interrupts.count:
            raise Interrupted(self.interrupts.exit_code)
        if code:
            raise GraphFailed(graph, code)


def runner_for(graph: Graph, verbose: bool = False) -> Runner:
    """A Runner in the graph's run and domain, after checking that the graph fits the run; UsageError otherwise."""
    check_run(graph)
    return Runner(run_of(graph), domain_of(graph.arguments.get("domain"), os.environ), verbose)
