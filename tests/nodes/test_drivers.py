"""Safety and simulated driver as processes, for every kind of command: the arm moves as told, and stops."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml
from diagnostic_msgs.msg import DiagnosticStatus
from ros_peer import RosPeer
from sensor_msgs.msg import JointState

from robot_rl.config.loader import to_plain
from robot_rl.nodes import convert, qos
from robot_rl.robot.action_map import ActionMap
from robot_rl.robot.spec import load_robot
from robot_rl.robot.twin import KinematicTwin

ROBOT = load_robot("ur5e")
KINDS = ("joint_trajectory", "joint_velocity", "joint_state", "cartesian_pose", "cartesian_twist")
pytestmark = pytest.mark.timeout(300)


class Person(RosPeer):
    """Watches the joint states, calls the services and sends actions."""

    def __init__(self, domain: int) -> None:
        super().__init__(domain, "person")
        self.twin = KinematicTwin(ROBOT)
        self.tcp: list[np.ndarray] = []
        self.actions = self.node.create_publisher(JointState, "action/policy", qos.COMMAND)
        self.node.create_subscription(JointState, ROBOT.joint_states, self._on_joints, qos.STREAM)
        self.node.create_subscription(DiagnosticStatus, "safety/status", self._on_status, qos.LATCHED)

    def _on_joints(self, msg: JointState) -> None:
        self.tcp.append(self.twin.tcp_pose(convert.vector_from_msg(msg, ROBOT.joints)).position)

    def push(self, direction: list[float], times: int) -> None:
        """The same action at 10 Hz."""
        for _ in range(times):
            now = self.now()
            self.actions.publish(convert.vector_to_msg(ActionMap(ROBOT).spec.names, [*direction, 1.0], now, "POLICY"))
            self.spin_for(0.1)


@pytest.fixture(params=KINDS)
def person(
    request: pytest.FixtureRequest, free_domain: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Person]:
    """A person before a simulated UR5e whose driver takes the kind of command of this test, reset and running."""
    command = {"kind": request.param, "topic": "driver/in", "rate_hz": 50.0, "frame_id": "base_link"}
    path = tmp_path / "robot.yaml"
    path.write_text(yaml.safe_dump({**to_plain(ROBOT), "command": command}))
    monkeypatch.setenv("ROS_DOMAIN_ID", str(free_domain))
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    options = ["--ros-args", "-p", f"robot:={path}", "-p", "cameras:=['front']", "-p", "image_size:=16"]
    nodes = [
        subprocess.Popen([sys.executable, "-m", f"robot_rl.nodes.{name}", *options], env=dict(os.environ))
        for name in ("sim", "safety")
    ]
    person = Person(free_domain)
    try:
        assert person.spin_until(lambda: len(person.tcp) > 5 and person.mode == "IDLE")
        assert any(person.call("reset") or person.spin_until(lambda: False, 0.1) for _ in range(50)), "no joint states"
        assert person.spin_until(lambda: person.mode == "READY")
        assert person.call("start") and person.spin_until(lambda: person.mode == "RUNNING")
        yield person
    finally:
        person.close()
        for node in nodes:
            node.send_signal(signal.SIGINT)
        for node in nodes:
            node.wait(20)


def test_the_arm_moves_as_the_actions_say_and_stops_when_told(person: Person) -> None:
    start = person.tcp[-1]
    person.push([0.5, 0.5, -0.5], times=8)
    assert person.mode == "RUNNING"
    assert person.call("stop")
    person.spin_until(lambda: False, 0.8)
    moved = person.tcp[-1] - start
    assert (moved * [1, 1, -1] > 0.03).all() and np.abs(moved).max() < 0.12
    before, person.tcp = person.tcp[-1], []
    assert person.spin_until(lambda: len(person.tcp) > 15)
    assert person.tcp[-1] == pytest.approx(before, abs=5e-4)
