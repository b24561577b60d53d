"""The scripted devices of the teleop node, over DDS: who demonstrates, and who rescues where the policy strayed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from ros_peer import RosPeer
from sensor_msgs.msg import JointState
from std_msgs.msg import Header

from robot_rl.nodes import convert, qos
from robot_rl.robot.tasks import load_task
from robot_rl.robot.tasks.insert import REACH

ASIDE, RIM, GIVEN_WAY = 0.006, 0.03, 0.015
STATE = {
    "tcp_x": 0.45 - ASIDE,
    "tcp_y": 0.0,
    "tcp_z": RIM + REACH - GIVEN_WAY,
    "gripper": 0.01,
    "socket_x": 0.45,
    "socket_y": 0.0,
    "socket_z": RIM,
    "socket_yaw": 0.0,
    "peg_x": 0.45 - ASIDE,
    "peg_y": 0.0,
    "peg_z": RIM,
    "peg_yaw": 0.0,
}
"""A peg pressed on the rim, 6 mm out of line."""


@pytest.fixture
def peer(free_domain: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[RosPeer]:
    monkeypatch.setenv("ROS_DOMAIN_ID", str(free_domain))
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    made = RosPeer(free_domain, "graph")
    yield made
    made.close()


@pytest.fixture
def teleop() -> Iterator[Callable[[str], None]]:
    """Start a scripted teleop node for insert in a role."""
    started: list[subprocess.Popen[bytes]] = []

    def start(role: str) -> None:
        values = {"robot": "fr3_peg", "task": "insert", "role": role, "noise": 0.0, "supervisor.patience": 1}
        flags = [word for name, value in values.items() for word in ("-p", f"{name}:={value}")]
        command = [sys.executable, "-m", "robot_rl.nodes.teleop", "--ros-args", *flags]
        started.append(subprocess.Popen(command, start_new_session=True))

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.parametrize(("role", "source"), [("demonstrate", "SCRIPTED"), ("intervene", "INTERVENTION")])
def test_who_demonstrates_goes_up_from_the_rim_and_who_rescues_along_it(
    peer: RosPeer, teleop: Callable[[str], None], role: str, source: str
) -> None:
    names, said = load_task("insert").state_names, []
    state = peer.node.create_publisher(JointState, "sim/state", qos.STREAM)
    ticks = peer.node.create_publisher(Header, "tick", qos.STREAM)
    peer.node.create_subscription(JointState, "action/teleop", said.append, qos.STREAM)
    teleop(role)

    def acts() -> bool:
        stamp = peer.now()
        state.publish(convert.vector_to_msg(names, [STATE[name] for name in names], stamp, ""))
        ticks.publish(Header(stamp=convert.time_to_msg(stamp), frame_id=""))
        peer.spin_for(0.1)
        return bool(said and said[-1].name)

    assert peer.spin_until(acts)
    action = convert.mapping_from_msg(said[-1])
    assert said[-1].header.frame_id == source
    if role == "demonstrate":
        assert action["dz"] > 0.2 and action["dx"] == 0.0
    else:
        assert action["dx"] > 0.1 and action["dz"] > 0.0
