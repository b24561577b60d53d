"""The ordered stop of a graph's processes, and the guard that performs it when the supervisor cannot.

Every node process carries two environment variables: MARK names the graph, ORDER its place in the stop and its
patience ("order:seconds"). Processes are found by them in /proc, so that none is missed (also one started in the
instant in which the supervisor was killed, or started by a node) and a process number used again is never mistaken.

The guard runs this file as a script, with the standard library alone (`python -I -S`): it waits for the end of its
standard input, whose other end only the supervisor (or `ros2 launch`) holds, and stops what is then still running.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

MARK, ORDER = "ROBOT_RL_GRAPH", "ROBOT_RL_STOP"
TERM_S, HURRY_S, TICK_S = 3.0, 0.5, 0.05


@dataclass(frozen=True)
class Member:
    """A living process of a graph."""

    pid: int
    order: int
    patience_s: float


def variables(graph: str, order: int, patience_s: float) -> dict[str, str]:
    """Environment variables that make a process a member of `graph`."""
    return {MARK: graph, ORDER: f"{order}:{patience_s}"}


def start(graph: str, log: str, hold: Sequence[int] = ()) -> subprocess.Popen[bytes]:
    """Start the guard of `graph`; it writes to file `log` and keeps the file descriptors `hold` open while it lives.

    It stops the graph when the last copy of its `stdin` is closed, at the latest with this process.
    """
    with open(log, "wb") as file:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, graph],
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=file,
            start_new_session=True,
            pass_fds=tuple(hold),
        )


def members(graph: str) -> list[Member]:
    """The living processes that carry `graph` as their mark."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdecimal():
            variables = _environment(int(name))
            if variables.get(MARK) == graph:
                order, _, patience = variables.get(ORDER, "0:1").partition(":")
                found.append(Member(int(name), int(order), float(patience)))
    return found


def stop_all(graph: str, tick: Callable[[], int]) -> None:
    """Stop the graph's processes order by order: SIGINT, after their patience SIGTERM, after TERM_S SIGKILL.

    `tick` is called every TICK_S; it returns how often a person has asked to hurry: 1 shortens all waits to HURRY_S,
    2 or more kills.
    """
    while remaining := members(graph):
        order = min(member.order for member in remaining)
        _stop([member for member in remaining if member.order == order], graph, tick)


def _stop(batch: list[Member], graph: str, tick: Callable[[], int]) -> None:
    leaders = [member.pid for member in batch if _leads(member.pid)] or [member.pid for member in batch]
    signals = ((signal.SIGINT, max(member.patience_s for member in batch)), (signal.SIGTERM, TERM_S))
    for number, patience in signals:
        _send(leaders, number)
        if _gone_within(batch, graph, patience, tick):
            return
        leaders = [member.pid for member in batch]
    while not _gone_within(batch, graph, TICK_S, tick):
        _send(leaders, signal.SIGKILL)


def _gone_within(batch: list[Member], graph: str, patience: float, tick: Callable[[], int]) -> bool:
    start = time.monotonic()
    while not _gone(batch, graph):
        hurry = tick()
        if time.monotonic() - start > (patience if hurry == 0 else min(patience, HURRY_S)) or hurry > 1:
            return False
        time.sleep(TICK_S)
    return True


def _gone(batch: Iterable[Member], graph: str) -> bool:
    return not any(_environment(member.pid).get(MARK) == graph for member in batch)


def _environment(pid: int) -> dict[str, str]:
    """Variables the process was started with; {} for one that is dead, a zombie or another user's."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            data = file.read()
    except OSError:
        return {}
    pairs = (item.partition(b"=") for item in data.split(b"\0") if item.startswith(b"ROBOT_RL_"))
    return {key.decode(): value.decode(errors="replace") for key, _, value in pairs}


def _leads(pid: int) -> bool:
    try:
        return os.getsid(pid) == pid
    except OSError:
        return False


def _send(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def watch(graph: str) -> None:
    """Wait for the supervisor's end and stop what it has left of the graph."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    if left := members(graph):
        print(f"the supervisor is gone: stopping {len(left)} processes", flush=True)
        stop_all(graph, lambda: 0)
        print("the graph has stopped", flush=True)


if __name__ == "__main__":
    watch(sys.argv[1])
