"""Devices that are topics, a keyboard on a terminal and scripts, through the teleop node and real messages."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import pytest
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import TwistStamped
from ros_peer import RosPeer
from sensor_msgs.msg import JointState, Joy
from std_msgs.msg import Header
from std_srvs.srv import Trigger

from robot_rl.nodes import convert, qos
from robot_rl.robot.tasks import load_task
from robot_rl.robot.tasks.insert import REACH

NAMES = ["dx", "dy", "dz", "gripper"]
WAIT_S = 30.0


class Graph(RosPeer):
    """What the teleop node talks to: it announces observations, serves the buttons, and notes what comes."""

    def __init__(self, domain: int) -> None:
        self.said: list[JointState] = []
        self.asked: list[str] = []
        self.statuses: list[str] = []
        super().__init__(domain, "graph")
        self._ticks = self.node.create_publisher(Header, "tick", qos.STREAM)
        self.executed = self.node.create_publisher(JointState, "action/executed", qos.EVENTS)
        self.node.create_subscription(JointState, "action/teleop", self.said.append, qos.EVENTS)
        self.node.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, qos.STREAM)
        for name in ("episode/success", "episode/pause", "safety/pause"):
            self.node.create_service(Trigger, name, self._button(name))
        self._due, self._first = 0.0, True

    def until(self, condition: Callable[[], Any], send: Callable[[], None] = lambda: None, s: float = WAIT_S) -> bool:
        """Announce observations at 10 Hz and call `send` at 50 Hz until `condition` holds or the time is over."""
        deadline, sent = time.monotonic() + s, 0.0
        while not condition():
            now = time.monotonic()
            if now > deadline:
                return False
            if now >= self._due:
                self._due = now + 0.1
                self._ticks.publish(Header(stamp=self.node.get_clock().now().to_msg(), frame_id="first" * self._first))
                self._first = False
            if now - sent > 0.02:
                sent = now
                send()
            self.executor.spin_once(timeout_sec=0.005)
        return True

    def newest(self) -> dict[str, float]:
        return convert.mapping_from_msg(self.said[-1]) if self.said else {}

    def _button(self, name: str) -> Callable[[Any, Any], Any]:
        def answer(request: Any, response: Any) -> Any:
            del request
            self.asked.append(name)
            response.success = True
            return response

        return answer

    def _on_diagnostics(self, msg: DiagnosticArray) -> None:
        self.statuses += [status.message for status in msg.status if status.name == "teleop: device"]


@pytest.fixture
def graph(free_domain: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Graph]:
    monkeypatch.setenv("ROS_DOMAIN_ID", str(free_domain))
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    made = Graph(free_domain)
    yield made
    made.close()


@pytest.fixture
def teleop(graph: Graph) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start a teleop node with `parameters`, and with standard input `keys` where it reads a terminal."""
    started: list[subprocess.Popen[bytes]] = []

    def start(
        device: str, role: str, keys: int = subprocess.DEVNULL, parameters: Mapping[str, object] = MappingProxyType({})
    ) -> subprocess.Popen[bytes]:
        values = {"device": device, "role": role, **parameters}
        flags = [word for name, value in values.items() for word in ("-p", f"{name}:={value}")]
        command = [sys.executable, "-m", "robot_rl.nodes.teleop", "--ros-args", *flags]
        started.append(subprocess.Popen(command, stdin=keys, start_new_session=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_joy_takes_over_while_enabled_and_its_buttons_are_services(graph: Graph, teleop: Callable[..., Any]) -> None:
    joy, msg = graph.node.create_publisher(Joy, "joy", 5), Joy(axes=[0.0] * 8, buttons=[0] * 11)
    teleop("joy", "intervene")
    assert graph.until(lambda: "/joy is there" in graph.statuses, lambda: joy.publish(msg))
    msg.axes[1] = 1.0
    assert not graph.until(lambda: graph.said, lambda: joy.publish(msg), 0.5), "not enabled: hands off, silent"
    msg.buttons[5] = 1
    assert graph.until(lambda: graph.newest().get("dx") == pytest.approx(0.7), lambda: joy.publish(msg))
    assert graph.said[-1].header.frame_id == "INTERVENTION" and list(graph.said[-1].name) == NAMES
    msg.buttons[5], msg.buttons[0] = 0, 1
    assert graph.until(lambda: graph.newest().get("dx") == 0.0 and graph.asked, lambda: joy.publish(msg))
    assert graph.asked == ["episode/success"], "once a press"
    assert graph.until(lambda: not graph.said[-1].name, lambda: joy.publish(msg)), "control is given back in a word"
    count = len(graph.said)
    assert not graph.until(lambda: len(graph.said) > count, lambda: joy.publish(msg), 0.5), "hands off again"


def test_a_joy_that_falls_silent_in_use_holds_the_arm_until_it_is_touched_again(
    graph: Graph, teleop: Callable[..., Any]
) -> None:
    joy, msg = graph.node.create_publisher(Joy, "joy", 5), Joy(axes=[0.0, 1.0, 0, 0, 0, 0, 0, 0], buttons=[0] * 11)
    teleop("joy", "intervene")
    assert graph.until(lambda: "/joy is there" in graph.statuses, lambda: joy.publish(msg))
    msg.buttons[5] = 1
    assert graph.until(lambda: graph.newest().get("dx") == pytest.approx(0.7), lambda: joy.publish(msg))
    assert graph.until(lambda: graph.newest().get("dx") == 0.0), "unplugged"
    count = len(graph.said)
    assert graph.until(lambda: len(graph.said) > count + 5), "it goes on holding"
    assert graph.until(lambda: any("fell silent for 0.5 s while in use" in status for status in graph.statuses))
    msg.buttons[5] = 0
    assert graph.until(lambda: graph.statuses[-1] == "/joy is there", lambda: joy.publish(msg))
    msg.buttons[5] = 1
    assert graph.until(lambda: graph.newest().get("dx") == pytest.approx(0.7), lambda: joy.publish(msg))


def test_demonstrating_hands_off_keeps_the_arm_still_and_a_twist_moves_it(
    graph: Graph, teleop: Callable[..., Any]
) -> None:
    twists, msg = graph.node.create_publisher(TwistStamped, "cmd_vel", 5), TwistStamped()
    teleop("twist", "demonstrate")
    assert graph.until(lambda: "/cmd_vel is there" in graph.statuses and graph.said, lambda: twists.publish(msg))
    assert graph.newest() == {"dx": 0.0, "dy": 0.0, "dz": 0.0, "gripper": 1.0}
    assert graph.said[-1].header.frame_id == "HUMAN"
    msg.twist.linear.z = -0.5
    assert graph.until(lambda: graph.newest()["dz"] < -0.5, lambda: twists.publish(msg))


def test_taking_over_leaves_the_gripper_as_the_policy_had_it(graph: Graph, teleop: Callable[..., Any]) -> None:
    joy, msg = graph.node.create_publisher(Joy, "joy", 5), Joy(axes=[0.0] * 8, buttons=[0] * 11)
    teleop("joy", "intervene")
    held = convert.vector_to_msg([*NAMES, "latency"], [0.1, 0.0, 0.0, -1.0, 0.0], 1, "POLICY")

    def policy_acts() -> None:
        joy.publish(msg)
        graph.executed.publish(held)

    assert graph.until(lambda: "/joy is there" in graph.statuses, policy_acts)
    graph.until(lambda: False, policy_acts, 0.3)
    msg.buttons[5] = 1
    assert graph.until(lambda: graph.said, lambda: joy.publish(msg))
    assert graph.newest()["gripper"] == -1.0


def test_a_leader_arm_is_followed_by_its_joint_states(graph: Graph, teleop: Callable[..., Any], tmp_path: Any) -> None:
    device = tmp_path / "leader.yaml"
    device.write_text("{driver: leader, topic: leader, release_s: 0.5, timeout_s: 5.0}")
    joints = [f"fr3_joint{number}" for number in range(1, 8)]
    home = [0.0, -0.184808, 0.0, -2.496735, 0.0, 2.311927, 0.785398]
    states, msg = graph.node.create_publisher(JointState, "leader", 5), JointState(name=joints, position=home)
    teleop(str(device), "intervene")
    assert graph.until(lambda: "/leader is there" in graph.statuses, lambda: states.publish(msg))

    def turn() -> None:
        msg.position[0] += 0.004
        states.publish(msg)

    assert graph.until(lambda: abs(graph.newest().get("dy", 0.0)) > 0.05, turn), "turning about its base goes sideways"


def test_the_keyboard_of_a_terminal_moves_grips_and_stops(graph: Graph, teleop: Callable[..., Any]) -> None:
    person, program = pty.openpty()
    teleop("keyboard", "demonstrate", program)
    assert graph.until(lambda: graph.said)
    assert graph.until(lambda: graph.newest()["dx"] == pytest.approx(0.4), lambda: os.write(person, b"w") and None)
    assert graph.until(lambda: graph.newest()["dx"] == 0.0), "let go"
    os.write(person, b" ")
    assert graph.until(lambda: graph.newest()["gripper"] == -1.0)
    os.write(person, b"x")
    assert graph.until(lambda: graph.asked == ["safety/pause"])
    os.close(person)
    os.close(program)


@pytest.mark.parametrize(("role", "source"), [("demonstrate", "SCRIPTED"), ("intervene", "INTERVENTION")])
def test_the_script_that_demonstrates_goes_up_from_the_rim_and_the_one_that_rescues_along_it(
    graph: Graph, teleop: Callable[..., Any], role: str, source: str
) -> None:
    aside, rim, given_way = 0.006, 0.03, 0.015
    pressed = [0.45 - aside, 0.0, rim + REACH - given_way, 0.01, 0.45, 0.0, rim, 0.0, 0.45 - aside, 0.0, rim, 0.0]
    names, states = load_task("insert").state_names, graph.node.create_publisher(JointState, "sim/state", qos.STREAM)
    others = "supervisor.noise" if role == "demonstrate" else "noise"
    silent = {"noise": 0.0, "supervisor.noise": 0.0}
    parameters = {"robot": "fr3_peg", "task": "insert", **silent, others: 1.0, "supervisor.patience": 1}
    teleop("scripted", role, parameters=parameters)

    def stand_on_the_rim() -> None:
        states.publish(convert.vector_to_msg(names, pressed, graph.now(), ""))

    assert graph.until(graph.newest, stand_on_the_rim)
    action = graph.newest()
    assert graph.said[-1].header.frame_id == source
    if role == "demonstrate":
        assert action["dz"] > 0.2 and action["dx"] == action["dy"] == action["rz"] == 0.0
    else:
        assert action["dx"] > 0.1 and action["dz"] > 0.0 and action["dy"] == action["rz"] == 0.0
