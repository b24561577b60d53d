"""Node processes alone: parameters refused with a sentence, signals obeyed, no crash on bad input."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from robot_rl.core.exit_code import INTERRUPTED, TELL_APART

NODES = ("sim", "proprio", "reward", "safety", "policy", "teleop", "recorder", "monitor")


@pytest.fixture
def environment(free_domain: int) -> dict[str, str]:
    return {**os.environ, "ROS_DOMAIN_ID": str(free_domain), "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}


def start(node: str, environment: dict[str, str], *parameters: str) -> subprocess.Popen[str]:
    flags = [word for parameter in parameters for word in ("-p", parameter)]
    return subprocess.Popen(
        [sys.executable, "-m", f"robot_rl.nodes.{node}", "--ros-args", *flags],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def wait_for_own_signal_handling(process: subprocess.Popen[str]) -> None:
    """Wait until the process catches SIGTERM: until then Python is still importing the node."""
    deadline = time.monotonic() + 60.0
    caught = 0
    while not caught >> (signal.SIGTERM - 1) & 1:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
        status = Path(f"/proc/{process.pid}/status").read_text()
        caught = int(status.split("SigCgt:")[1].split()[0], 16)


@pytest.fixture
def processes() -> Iterator[list[subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("node", "parameter", "says"),
    [
        ("sim", "tsk:=reach", "did you mean 'task'"),
        ("sim", "task:=raech", "did you mean 'reach'"),
        ("safety", "robot:=fr4_sim", "fr3_sim"),
        ("policy", "act:=guess", "sample"),
        ("policy", "weights:=/nowhere/policy.safetensors", "/nowhere/policy.safetensors"),
        ("recorder", "rate_hz:=10.0", "'store'"),
    ],
)
def test_a_bad_parameter_ends_the_node_with_one_sentence(
    node: str, parameter: str, says: str, environment: dict[str, str], processes: list[subprocess.Popen[str]]
) -> None:
    processes.append(start(node, environment, parameter))
    _, errors = processes[0].communicate(timeout=60)
    assert processes[0].returncode == 2, errors
    assert says in errors and "Traceback" not in errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("node", NODES)
def test_a_signal_ends_every_node_quietly(
    node: str, number: int, environment: dict[str, str], processes: list[subprocess.Popen[str]], tmp_path: Path
) -> None:
    extra = (f"store:={tmp_path / 'store.zarr'}",) if node == "recorder" else ()
    processes.append(start(node, environment, *extra))
    wait_for_own_signal_handling(processes[0])
    processes[0].send_signal(number)
    _, errors = processes[0].communicate(timeout=120)
    assert processes[0].returncode == 0, errors
    assert "Traceback" not in errors


def test_who_asks_for_it_can_tell_a_signal_from_a_job_that_is_done(
    environment: dict[str, str], processes: list[subprocess.Popen[str]]
) -> None:
    processes.append(start("monitor", environment | TELL_APART))
    wait_for_own_signal_handling(processes[0])
    processes[0].send_signal(signal.SIGINT)
    assert processes[0].communicate(timeout=60) and processes[0].returncode == INTERRUPTED
