"""The guard: nothing outlives the supervisor, however it dies."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from robot_rl.core.errors import UsageError
from robot_rl.core.lock import take

ORDERED = {"learner": {"stop_order": 4}, "policy": {"stop_order": 1}, "safety": {"stop_order": 0}}


def test_kill_9_of_the_supervisor_stops_the_nodes_in_order(dummy_graph):
    graph = dummy_graph(**ORDERED).wait_started()
    graph.process.kill()
    graph.wait_for(lambda: not graph.alive())
    stops = [line for line in graph.events() if "start" not in line]
    assert stops == [f"{name} {event}" for name in ("safety", "policy", "learner") for event in ("SIGINT", "end")]


def test_kill_9_of_the_supervisor_leaves_no_deaf_node_and_no_grandchild(dummy_graph):
    graph = dummy_graph(policy={"do": "deaf", "stop_timeout_s": 0.2}, sim={"do": "child", "stop_timeout_s": 0.2})
    graph.wait_started(3).process.kill()
    graph.wait_for(lambda: not graph.alive())


def test_locks_are_held_until_the_last_node_has_gone(dummy_graph):
    graph = dummy_graph(policy={"do": "deaf", "stop_timeout_s": 1.0}).wait_started()
    graph.process.kill()
    graph.process.wait()
    assert graph.alive()
    with pytest.raises(UsageError):
        take(graph.directory / "lock", "taken")
    graph.wait_for(lambda: not graph.alive())
    graph.wait_for(lambda: _is_free(graph.directory / "lock"))


def test_a_killed_guard_is_replaced(dummy_graph):
    graph = dummy_graph(safety={}).wait_started()
    first = _guard_of(graph.process.pid)
    os.kill(first, signal.SIGKILL)
    graph.wait_for(lambda: _guard_of(graph.process.pid) not in (None, first))
    graph.process.kill()
    graph.wait_for(lambda: not graph.alive())


def test_the_guard_ends_with_an_orderly_supervisor(dummy_graph):
    graph = dummy_graph(safety={}).wait_started()
    guard = _guard_of(graph.process.pid)
    assert os.path.exists(f"/proc/{guard}")
    graph.process.send_signal(signal.SIGINT)
    graph.finish()
    assert not os.path.exists(f"/proc/{guard}")
    assert (graph.directory / "log" / "guard.log").read_text() == ""


def _is_free(path) -> bool:
    try:
        take(path, "taken").release()
    except UsageError:
        return False
    return True


def _guard_of(pid: int) -> int | None:
    # -ww: otherwise ps may cut its lines at the terminal's width, and the guard's path with them.
    ps = ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(pid)]
    found = subprocess.run(ps, capture_output=True, text=True).stdout
    lines = [line.split() for line in found.splitlines() if "guard.py" in line]
    return int(lines[0][0]) if lines else None
