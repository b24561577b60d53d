"""The node processes of a graph, started, killed, stopped and continued one by one; none outlives this process."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

from robot_rl.cli.supervisor import node_command, node_environment
from robot_rl.core.errors import RobotRLError
from robot_rl.graph import guard
from robot_rl.graph.locks import domain_of
from robot_rl.graph.model import Graph
from robot_rl.graph.session import check_run, prepare, run_of, take_locks

HARDWARE = 10
"""Real-time priority of what stands for hardware: above all that computes, below safety."""
HURRY = 1
"""The nodes need not end gracefully: how much of a hurry `guard.stop_all` is told to be in."""


@contextlib.contextmanager
def held(graph: Graph) -> Iterator[int]:
    """Keep other graphs off the run and the ROS domain of `graph`, which is yielded; UsageError where one is there."""
    check_run(graph)
    domain = domain_of(graph.arguments.get("domain"), os.environ)
    locks = take_locks(run_of(graph), domain)
    try:
        yield domain
    finally:
        for lock in locks:
            lock.release()


class LiveGraph:
    """Processes of `graph` by node name, each logging to the graph's log folder."""

    def __init__(self, graph: Graph) -> None:
        self._graph, self._params = graph, prepare(graph)
        self._log = run_of(graph).log(graph.name)
        self._mark = uuid.uuid4().hex
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._guard = guard.start(self._mark, str(self._log / "guard.log"))

    def start(self, name: str) -> None:
        """Start a node that does not run."""
        node = self._graph.node(name)
        environ = node_environment(self._graph, node, self._mark)
        with self.log(name).open("ab") as log:
            command = node_command(self._graph, node, self._params[name])
            self._processes[name] = subprocess.Popen(
                command, env=environ, stdout=log, stderr=log, start_new_session=True
            )

    def start_all(self) -> None:
        """Start every node."""
        for node in self._graph.nodes:
            self.start(node.name)

    def overdue(self, within_s: float, what: str, mode: str) -> RobotRLError:
        """The error where `what` did not come about within that time; `mode` is safety's, '' where it is silent."""
        gone = ", ".join(self.ended())
        seen = f"safety: {mode or 'silent'}{f', gone: {gone}' if gone else ''}"
        return RobotRLError(f"not within {within_s:g} s: {what} ({seen}); see the logs in '{self._log}'.")

    def log(self, name: str) -> Path:
        """File with the output of a node."""
        return self._log / f"{name}.log"

    def kill(self, name: str) -> None:
        """SIGKILL, until it is gone."""
        self._processes[name].kill()
        self._processes[name].wait()

    def stop(self, name: str) -> None:
        """SIGSTOP: it lives and says nothing."""
        self._processes[name].send_signal(signal.SIGSTOP)

    def go_on(self, name: str) -> None:
        """SIGCONT."""
        self._processes[name].send_signal(signal.SIGCONT)

    def end(self, name: str, timeout_s: float) -> None:
        """SIGINT, and wait for its end in order; RobotRLError where it does not come within `timeout_s`."""
        process = self._processes.pop(name)
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise RobotRLError(f"{name} has not ended within {timeout_s:g} s: see {self.log(name)}.") from None

    def processor_s(self) -> dict[str, float]:
        """Processor time [s] that each node has taken so far."""
        tick = os.sysconf("SC_CLK_TCK")
        taken = {}
        for name, process in self._processes.items():
            with contextlib.suppress(OSError):  # it has ended
                fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
                taken[name] = (int(fields[11]) + int(fields[12])) / tick  # utime and stime, 14th and 15th of all
        return taken

    def favour(self, name: str) -> None:
        """Let a node that stands for hardware not share the processor like one that computes, where that is permitted.

        A robot and its cameras do not wait for this computer.
        """
        with contextlib.suppress(OSError, AttributeError):
            for thread in Path(f"/proc/{self._processes[name].pid}/task").iterdir():
                os.sched_setscheduler(int(thread.name), os.SCHED_FIFO, os.sched_param(HARDWARE))

    def ended(self) -> list[str]:
        """Nodes that are gone although nobody waits for their end."""
        return [name for name, process in self._processes.items() if process.poll() is not None]

    def close(self) -> None:
        """End every node."""
        for process in self._processes.values():
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
        guard.stop_all(self._mark, lambda: HURRY)
        self.ended()  # so that none of them stays a zombie
        self._guard.communicate()
