"""SIGKILL of the safety process in mid-motion: the driver's own time-out stops the arm, a restart moves nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml
from diagnostic_msgs.msg import DiagnosticStatus
from ros_peer import RosPeer
from sensor_msgs.msg import JointState

from robot_rl.config.loader import to_plain
from robot_rl.nodes import convert, qos
from robot_rl.nodes.command_in import SILENCE_S
from robot_rl.robot.action_map import ActionMap
from robot_rl.robot.spec import load_robot

ROBOT = load_robot("fr3_sim")
ACTION = ActionMap(ROBOT).spec.names
AT_REST = 0.01
"""Joint speed [rad/s] of an arm that stands."""
BRAKING_S = 0.6
"""Longest time to standstill once the driver has noticed, the servos' settling included [s]."""
pytestmark = pytest.mark.timeout(300)


class Person(RosPeer):
    """Watches the measured joints by the driver's own stamps, calls services, sends actions."""

    def __init__(self, domain: int) -> None:
        super().__init__(domain, "person")
        self.states = list[tuple[int, np.ndarray, np.ndarray]]()
        self.actions = self.node.create_publisher(JointState, "action/policy", qos.COMMAND)
        self.node.create_subscription(JointState, ROBOT.joint_states, self._on_joints, qos.STREAM)
        self.node.create_subscription(DiagnosticStatus, "safety/status", self._on_status, qos.LATCHED)

    def _on_joints(self, msg: JointState) -> None:
        speeds = JointState(name=msg.name, position=msg.velocity)
        q, dq = (convert.vector_from_msg(each, ROBOT.joints) for each in (msg, speeds))
        self.states.append((convert.time_from_msg(msg.header.stamp), q, dq))

    def push(self, direction: list[float], times: int) -> None:
        """The same action at 10 Hz."""
        for _ in range(times):
            now = self.now()
            self.actions.publish(convert.vector_to_msg(ACTION, [*direction, 1.0], now, "POLICY"))
            self.spin_for(0.1)


@pytest.fixture(params=["joint_position", "joint_velocity"])
def options(
    request: pytest.FixtureRequest, free_domain: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Parameters of the nodes, for a driver of positions and one of velocities."""
    monkeypatch.setenv("ROS_DOMAIN_ID", str(free_domain))
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    command = {**to_plain(ROBOT.command), "kind": request.param, "topic": "driver/in"}
    path = tmp_path / "robot.yaml"
    path.write_text(yaml.safe_dump({**to_plain(ROBOT), "command": command}))
    return ["--ros-args", "-p", f"robot:={path}", "-p", "cameras:=['front']", "-p", "image_size:=16"]


Start = Callable[[str], subprocess.Popen[bytes]]


@pytest.fixture
def start(options: list[str]) -> Iterator[Start]:
    started: list[subprocess.Popen[bytes]] = []

    def begin(name: str) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-m", f"robot_rl.nodes.{name}", *options]
        started.append(subprocess.Popen(words, env=dict(os.environ)))
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def person(free_domain: int) -> Iterator[Person]:
    person = Person(free_domain)
    yield person
    person.close()


def test_the_arm_stops_by_itself_and_a_restarted_safety_holds(person: Person, start: Start) -> None:
    start("sim")
    safety = start("safety")
    assert person.spin_until(lambda: len(person.states) > 5 and person.mode == "IDLE")
    assert any(person.call("reset") or person.spin_until(lambda: False, 0.1) for _ in range(50)), "no joint states"
    assert person.spin_until(lambda: person.mode == "READY")
    assert person.call("start") and person.spin_until(lambda: person.mode == "RUNNING")
    person.push([0.0, 0.6, 0.0], times=5)
    assert np.abs(person.states[-1][2]).max() > 0.1, "it is moving"
    safety.send_signal(signal.SIGKILL)
    killed_ns = int(person.node.get_clock().now().nanoseconds)
    person.push([0.0, 0.6, 0.0], times=20)
    speeds = np.array([np.abs(dq).max() for stamp, _, dq in person.states if stamp > killed_ns])
    # Counted in the simulator's own ticks: it may be late itself on a busy machine.
    late = speeds[round((SILENCE_S + BRAKING_S) * ROBOT.command.rate_hz) :]
    assert len(late) > 10
    assert not (late > AT_REST).any()
    rest = person.states[-1][1]

    person.mode = ""
    start("safety")
    assert person.spin_until(lambda: person.mode == "IDLE")
    person.push([0.0, 0.6, 0.0], times=10)
    assert person.mode == "IDLE" and not person.call("start")
    assert max(np.abs(q - rest).max() for _, q, _ in person.states[-100:]) < 2e-3
    assert any(person.call("reset") or person.spin_until(lambda: False, 0.1) for _ in range(50)), "no joint states"
    assert person.spin_until(lambda: person.mode == "READY")
