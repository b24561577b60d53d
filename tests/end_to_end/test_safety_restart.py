"""SIGKILL of the safety process in the running graph: it comes back, and nothing moves until a person resumes."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import JointState

from robot_rl.cli.main import main
from robot_rl.cli.supervisor import node_command
from robot_rl.graph import build
from robot_rl.graph.session import prepare
from robot_rl.nodes import convert, qos
from robot_rl.robot.spec import load_robot

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
ROBOT = load_robot("fr3_sim")
NODES = ("safety", "sim", "reward", "proprio", "policy", "teleop", "recorder")
AT_REST = 2e-3
"""Largest joint displacement of an arm that stands [rad]."""


class RunningGraph:
    """The nodes of `demo` in real time, and a person who watches joints, safety and episodes."""

    def __init__(self, folder: Path, domain: int) -> None:
        given = {"run": str(folder / "run"), "domain": str(domain), "pace": "1", "episodes": "100"}
        self._graph = build("demo", given)
        self._params, self._folder, self._domain = prepare(self._graph), folder, domain
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.q, self.mode, self.state, self.says = np.zeros(0), "", "", ""
        self._context = Context()
        rclpy.init(context=self._context, domain_id=domain, signal_handler_options=SignalHandlerOptions.NO)
        self._node = rclpy.create_node("witness", context=self._context)
        self._node.create_subscription(JointState, ROBOT.joint_states, self._on_joints, qos.STREAM)
        self._node.create_subscription(DiagnosticStatus, "safety/status", self._on_safety, qos.LATCHED)
        self._node.create_subscription(DiagnosticStatus, "episode/state", self._on_state, qos.LATCHED)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)

    def start(self, name: str) -> None:
        node = self._graph.node(name)
        environ = {**os.environ, **self._graph.variables(node, os.environ)}
        with (self._folder / f"{name}.log").open("ab") as log:
            command = node_command(self._graph, node, self._params[name])
            self.processes[name] = subprocess.Popen(command, env=environ, stdout=log, stderr=log)

    def _on_joints(self, msg: JointState) -> None:
        self.q = convert.vector_from_msg(msg, ROBOT.joints)

    def _on_safety(self, msg: DiagnosticStatus) -> None:
        self.mode = convert.values_of(msg)["mode"]

    def _on_state(self, msg: DiagnosticStatus) -> None:
        self.state, self.says = convert.values_of(msg)["state"], msg.message

    def spin_until(self, condition: Callable[[], bool], timeout_s: float = 60.0) -> bool:
        deadline = time.monotonic() + timeout_s
        while not condition() and time.monotonic() < deadline:
            self._executor.spin_once(timeout_sec=0.02)
        return condition()

    def moved(self, seconds: float) -> float:
        """Farthest that a joint gets from where it is now [rad]."""
        here, farthest = self.q, [0.0]

        def look() -> bool:
            farthest.append(float(np.abs(self.q - here).max()))
            return False

        self.spin_until(look, seconds)
        return max(farthest)

    def person(self, *words: str) -> int:
        return main([*words, "--domain", str(self._domain)])

    def close(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()
        self._node.destroy_node()
        rclpy.try_shutdown(context=self._context)


@pytest.fixture
def graph(tmp_path: Path, free_domain: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningGraph]:
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    graph = RunningGraph(tmp_path, free_domain)
    for name in NODES:
        graph.start(name)
    yield graph
    graph.close()


def test_nothing_moves_after_a_restart_of_safety_or_a_pause_until_a_person_resumes(graph: RunningGraph) -> None:
    assert graph.spin_until(lambda: graph.state == "RUNNING") and graph.moved(1.5) > 10 * AT_REST
    graph.processes["safety"].send_signal(signal.SIGKILL)
    graph.processes["safety"].wait()
    graph.mode = ""
    graph.moved(2.0)
    graph.start("safety")
    assert graph.spin_until(lambda: graph.mode == "IDLE" and graph.state == "STOPPED"), graph.says
    assert "safety process" in graph.says and "robot-rl episode resume" in graph.says
    assert graph.moved(4.0) < AT_REST and graph.mode == "IDLE"
    assert graph.person("episode", "resume") == 0
    assert graph.spin_until(lambda: graph.state == "RUNNING") and graph.moved(1.5) > 10 * AT_REST

    assert graph.person("episode", "pause") == 0
    assert graph.spin_until(lambda: graph.state == "STOPPED" and graph.mode == "IDLE")
    graph.moved(1.0)
    assert graph.moved(2.0) < AT_REST
    assert graph.person("episode", "resume") == 0 and graph.spin_until(lambda: graph.state == "RUNNING")
