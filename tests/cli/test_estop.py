"""`robot-rl estop` on a terminal of its own, against a safety node that needs its heartbeat."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from ros_peer import RosPeer
from sensor_msgs.msg import JointState

from robot_rl.nodes import convert, qos
from robot_rl.robot.spec import load_robot

ROBOT = load_robot("fr3_sim")
pytestmark = pytest.mark.timeout(300)


class Person(RosPeer):
    """Plays a driver that stands still, and sees what safety says."""

    def __init__(self, domain: int) -> None:
        super().__init__(domain, "person")
        self._states = self.node.create_publisher(JointState, ROBOT.joint_states, qos.STREAM)
        self.node.create_subscription(DiagnosticStatus, "safety/status", self._on_status, qos.LATCHED)
        self.node.create_timer(0.05, self._drive)

    def _drive(self) -> None:
        names = [*ROBOT.joints, ROBOT.gripper.joint]
        now = self.now()
        self._states.publish(convert.vector_to_msg(names, [*np.array(ROBOT.home), 0.04], now))

    def clear(self) -> int:
        """`robot-rl estop --clear`, while the driver goes on."""
        command = [sys.executable, "-m", "robot_rl.cli.main", "estop", "--clear"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert self.spin_until(lambda: process.poll() is not None, 40.0)
            return int(process.returncode)


class Key:
    """A running `robot-rl estop` and its terminal."""

    def __init__(self) -> None:
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "robot_rl.cli.main", "estop"],
            stdin=theirs,
            stdout=subprocess.DEVNULL,
            # A suite that a script started in the background ignores SIGINT, and so would this.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        os.close(theirs)

    def press(self) -> None:
        os.write(self._ours, b" ")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)


@pytest.fixture
def person(free_domain: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Person]:
    monkeypatch.setenv("ROS_DOMAIN_ID", str(free_domain))
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    words = ["-m", "robot_rl.nodes.safety", "--ros-args", "-p", "estop_heartbeat_s:=1.0"]
    safety, person = subprocess.Popen([sys.executable, *words]), Person(free_domain)
    yield person
    person.close()
    safety.kill()
    safety.wait()


@pytest.fixture
def key() -> Iterator[Callable[[], Key]]:
    keys: list[Key] = []

    def begin() -> Key:
        keys.append(Key())
        return keys[-1]

    yield begin
    for each in keys:
        each.close()


def test_a_key_stops_the_loss_of_the_heartbeat_stops_and_only_clear_ends_both(
    person: Person, key: Callable[[], Key]
) -> None:
    assert person.spin_until(lambda: person.mode == "IDLE")
    assert not person.call("reset"), "no heartbeat has come yet"
    assert person.mode == "ESTOP" or person.spin_until(lambda: person.mode == "ESTOP")
    assert person.clear() == 1, "without a heartbeat it cannot be cleared"
    first = key()
    assert person.spin_until(lambda: person.call("clear_estop")) and person.spin_until(lambda: person.mode == "IDLE")
    first.press()
    assert person.spin_until(lambda: person.mode == "ESTOP") and "emergency stop is set" in person.says
    first.process.send_signal(signal.SIGINT)
    assert first.process.wait(90) == 130
    second = key()
    assert person.spin_until(lambda: person.clear() == 0, 40.0) and person.spin_until(lambda: person.mode == "IDLE")
    second.process.kill()
    assert person.spin_until(lambda: person.mode == "ESTOP", 30.0) and "heartbeat" in person.says
