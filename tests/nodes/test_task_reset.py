"""The safety node and the task's own reset service: one that is not there, is silent, or answers too late."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import cast

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.node import Node
from rclpy.task import Future
from ros_peer import RosPeer
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray
from std_srvs.srv import Trigger

from robot_rl.nodes import convert, qos
from robot_rl.nodes.task_reset import TaskReset
from robot_rl.robot.spec import load_robot
from robot_rl.safety.reasons import Reason

ROBOT = load_robot("fr3_sim")
SILENT_S = 1.5
pytestmark = pytest.mark.timeout(300)


class Client:
    """Plays the client of the service; every request is kept for the test to answer."""

    def __init__(self) -> None:
        self.ready, self.requests = True, list[Future]()

    def create_client(self, kind: type, name: str) -> "Client":
        del kind, name
        return self

    def service_is_ready(self) -> bool:
        return self.ready

    def call_async(self, request: Trigger.Request) -> Future:
        del request
        self.requests.append(Future())
        return self.requests[-1]

    def answer(self, number: int, success: bool) -> None:
        self.requests[number].set_result(Trigger.Response(success=success))


Played = tuple[Client, TaskReset, list[Reason | None]]


@pytest.fixture
def played() -> Played:
    client, ends = Client(), list[Reason | None]()
    return client, TaskReset(cast("Node", client), "task/reset", SILENT_S, ends.append), ends


@pytest.mark.parametrize(("success", "fault"), [(True, None), (False, Reason.TASK_RESET_FAILED)])
def test_the_answer_is_told_once(played: Played, success: bool, fault: Reason | None) -> None:
    client, reset, ends = played
    for _ in range(3):
        reset.attend(at_home=True)
    assert len(client.requests) == 1 and ends == []
    client.answer(0, success)
    assert ends == [fault]


def test_an_answer_to_a_reset_that_is_over_says_nothing_of_the_next_one(played: Played) -> None:
    client, reset, ends = played
    for at_home in (True, False, True):
        reset.attend(at_home)
    client.answer(0, True)
    assert ends == [] and len(client.requests) == 2
    client.answer(1, True)
    assert ends == [None]


def test_a_service_that_comes_late_is_asked(played: Played) -> None:
    client, reset, ends = played
    client.ready = False
    reset.attend(at_home=True)
    client.ready = True
    reset.attend(at_home=True)
    client.answer(0, True)
    assert ends == [None]


class Driver(RosPeer):
    """Joint states that follow the commands, and a task service that answers nothing until told."""

    def __init__(self, domain: int) -> None:
        super().__init__(domain, "driver")
        self.q, self.alive = np.array(ROBOT.home), 0
        self._states = self.node.create_publisher(JointState, ROBOT.joint_states, qos.STREAM)
        self.node.create_subscription(Float64MultiArray, ROBOT.command.topic, self._on_command, qos.COMMAND)
        self.node.create_subscription(DiagnosticStatus, "safety/status", self._on_status, qos.LATCHED)
        self.node.create_timer(1 / ROBOT.command.rate_hz, self._drive)

    def _drive(self) -> None:
        names = [*ROBOT.joints, ROBOT.gripper.joint]
        now = self.now()
        self._states.publish(convert.vector_to_msg(names, [*self.q, 0.04], now))

    def _on_command(self, msg: Float64MultiArray) -> None:
        self.q, self.alive = np.array(msg.data), self.alive + 1


@pytest.fixture
def driver(free_domain: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    monkeypatch.setenv("ROS_DOMAIN_ID", str(free_domain))
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    options = ("task_reset_service:=task/reset", f"task_reset_timeout_s:={SILENT_S}")
    flags = [word for option in options for word in ("-p", option)]
    process = subprocess.Popen(
        [sys.executable, "-m", "robot_rl.nodes.safety", "--ros-args", *flags], env=dict(os.environ)
    )
    driver = Driver(free_domain)
    yield driver
    driver.close()
    process.kill()
    process.wait()


def test_a_service_that_is_not_there_is_a_fault_that_holds_and_that_a_person_clears(driver: Driver) -> None:
    assert driver.spin_until(lambda: driver.alive > 5)
    assert driver.call("reset") and driver.spin_until(lambda: driver.mode == "RESETTING")
    assert driver.spin_until(lambda: driver.mode == "FAULT") and driver.says == Reason.TASK_RESET_SILENT.value
    rest, before = driver.q, driver.alive
    assert driver.spin_until(lambda: driver.alive > before + 20), "the hold is said again"
    assert np.abs(driver.q - rest).max() < 1e-6 and not driver.call("reset")

    def put_back(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        del request
        response.success = True
        return response

    driver.node.create_service(Trigger, "task/reset", put_back)
    for _ in range(5):  # the service may take as long to be discovered as safety waits
        assert driver.call("clear_estop") and driver.spin_until(lambda: driver.mode == "IDLE")
        assert driver.call("reset") and driver.spin_until(lambda: driver.mode in ("READY", "FAULT"))
        if driver.mode == "READY":
            break
    assert driver.mode == "READY"
