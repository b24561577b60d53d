"""A running graph of dummy nodes."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).with_name("dummy_graph.py")


class DummyGraph:
    """A supervisor process over dummy nodes, and what its nodes have noted."""

    def __init__(self, directory: Path, nodes: dict[str, dict[str, Any]]) -> None:
        self.directory = directory
        self.names = list(nodes)
        command = [sys.executable, str(PROGRAM), str(directory), json.dumps(nodes)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def events(self) -> list[str]:
        """Lines 'name event' in the order in which they happened."""
        path = self.directory / "events"
        return path.read_text().splitlines() if path.exists() else []

    def pids(self) -> list[int]:
        """Processes that were ever started."""
        return [int(line.split()[2]) for line in self.events() if " start " in line]

    def pid(self, name: str) -> int:
        """The newest process of node `name`."""
        return [int(line.split()[2]) for line in self.events() if line.startswith(f"{name} start ")][-1]

    def wait_for(self, condition: Callable[[], bool], timeout: float = 60.0) -> None:
        """Wait until `condition` holds; fail after `timeout` seconds."""
        end = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < end, f"never happened; events: {self.events()}"
            time.sleep(0.02)

    def wait_started(self, count: int | None = None) -> DummyGraph:
        """Wait until all nodes (or `count` processes) have started."""
        self.wait_for(lambda: len(self.pids()) >= (count or len(self.names)))
        return self

    def finish(self) -> tuple[int, str]:
        """Exit code and standard error of the supervisor."""
        _, err = self.process.communicate(timeout=120)
        return self.process.returncode, err

    def alive(self) -> list[int]:
        """Processes of the graph that are still there."""
        return [pid for pid in self.pids() if Path(f"/proc/{pid}/cmdline").exists() and _cmdline(pid)]


def _cmdline(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.fixture
def dummy_graph(tmp_path: Path) -> Iterator[Callable[..., DummyGraph]]:
    """Start a graph of dummy nodes: keyword arguments are nodes, their values NodeSpec fields and `do`."""
    started: list[DummyGraph] = []

    def start(**nodes: dict[str, Any]) -> DummyGraph:
        started.append(DummyGraph(tmp_path, nodes))
        return started[-1]

    yield start
    for graph in started:
        graph.process.kill()
        for pid in graph.alive():
            with contextlib.suppress(ProcessLookupError):  # the guard was quicker
                os.kill(pid, signal.SIGKILL)
        graph.process.communicate(timeout=60)
