"""SIGKILL of safety, or of a paused policy, in a running graph: nothing moves then until a person resumes."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from ros_peer import RosPeer
from sensor_msgs.msg import JointState

from robot_rl.cli.live_graph import LiveGraph
from robot_rl.cli.main import main
from robot_rl.graph import build
from robot_rl.nodes import convert, qos
from robot_rl.robot.spec import load_robot

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
ROBOT = load_robot("fr3_sim")
NODES = ("safety", "sim", "reward", "proprio", "policy", "teleop", "recorder")
AT_REST = 2e-3
"""Largest joint displacement of an arm that stands [rad]."""


class Witness(RosPeer):
    """A person who watches joints, safety and episodes of a running graph, and uses the command line."""

    def __init__(self, domain: int) -> None:
        super().__init__(domain, "witness")
        self.q, self.state, self._domain = np.zeros(0), "", domain
        self.node.create_subscription(JointState, ROBOT.joint_states, self._on_joints, qos.STREAM)
        self.node.create_subscription(DiagnosticStatus, "safety/status", self._on_safety, qos.LATCHED)
        self.node.create_subscription(DiagnosticStatus, "episode/state", self._on_state, qos.LATCHED)

    def _on_joints(self, msg: JointState) -> None:
        self.q = convert.vector_from_msg(msg, ROBOT.joints)

    def _on_safety(self, msg: DiagnosticStatus) -> None:
        self.mode = convert.values_of(msg)["mode"]

    def _on_state(self, msg: DiagnosticStatus) -> None:
        self.state, self.says = convert.values_of(msg)["state"], msg.message

    def moved(self, seconds: float) -> float:
        """Farthest that a joint gets from where it is now [rad]."""
        here, farthest = self.q, [0.0]

        def look() -> bool:
            farthest.append(float(np.abs(self.q - here).max()))
            return False

        self.spin_until(look, seconds)
        return max(farthest)

    def sees_motion(self) -> bool:
        """Whether the arm moves; on a busy machine its first action takes a while."""
        here = self.q
        return self.spin_until(lambda: float(np.abs(self.q - here).max()) > 10 * AT_REST, 30.0)

    def command(self, *words: str) -> int:
        return main([*words, "--domain", str(self._domain)])


@pytest.fixture
def graph(tmp_path: Path, free_domain: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveGraph]:
    """The nodes of `demo` in real time."""
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    given = {"run": str(tmp_path / "run"), "domain": str(free_domain), "pace": "1", "episodes": "100"}
    graph = LiveGraph(build("demo", given))
    try:
        for name in NODES:
            graph.start(name)
        yield graph
    finally:
        graph.close()


@pytest.fixture
def person(graph: LiveGraph, free_domain: int) -> Iterator[Witness]:
    person = Witness(free_domain)
    yield person
    person.close()


def test_nothing_moves_after_a_restart_of_safety_or_a_pause_until_a_person_resumes(
    graph: LiveGraph, person: Witness
) -> None:
    assert person.spin_until(lambda: person.q.size and person.state == "RUNNING") and person.sees_motion()
    graph.kill("safety")
    person.mode = ""
    person.moved(2.0)
    graph.start("safety")
    assert person.spin_until(lambda: person.mode == "IDLE" and person.state == "STOPPED"), person.says
    assert "safety process" in person.says and "robot-rl episode resume" in person.says
    assert person.moved(4.0) < AT_REST and person.mode == "IDLE"
    assert person.command("episode", "resume") == 0
    assert person.spin_until(lambda: person.state == "RUNNING") and person.sees_motion()

    assert person.command("episode", "pause") == 0
    assert person.spin_until(lambda: person.state == "STOPPED" and person.mode == "IDLE")
    person.moved(1.0)
    graph.kill("policy")
    person.state = ""
    graph.start("policy")
    assert person.spin_until(lambda: person.state == "STOPPED") and "person paused" in person.says
    assert person.moved(2.0) < AT_REST
    assert person.command("episode", "resume") == 0 and person.spin_until(lambda: person.state == "RUNNING")
