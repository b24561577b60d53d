"""The safety node as a process, between a driver and a policy played by the test over real DDS."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from ros_peer import RosPeer
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool, Float64MultiArray

from robot_rl.nodes import convert, qos
from robot_rl.robot.action_map import ActionMap
from robot_rl.robot.spec import load_robot

ROBOT = load_robot("fr3_sim")
ACTION = ActionMap(ROBOT).spec.names
pytestmark = pytest.mark.timeout(300)


class Peers(RosPeer):
    """Driver and policy in one node: joint states at the driver's rate follow the commands at once."""

    def __init__(self, domain: int) -> None:
        super().__init__(domain, "peers")
        self.q, self.driver_alive = np.array(ROBOT.home), True
        self.commands: list[tuple[float, np.ndarray]] = []
        self.executed: list[JointState] = []
        self.counts: dict[str, int] = {}
        self.output: dict[str, float] = {}
        self._states = self.node.create_publisher(JointState, ROBOT.joint_states, qos.STREAM)
        self._actions = self.node.create_publisher(JointState, "action/policy", qos.COMMAND)
        self._teleop = self.node.create_publisher(JointState, "action/teleop", qos.COMMAND)
        self.estop = self.node.create_publisher(Bool, "estop", qos.LATCHED)
        self.node.create_subscription(Float64MultiArray, ROBOT.command.topic, self._on_command, qos.EVENTS)
        self.node.create_subscription(JointState, "action/executed", self.executed.append, qos.EVENTS)
        self.node.create_subscription(DiagnosticStatus, "safety/status", self._on_status, qos.LATCHED)
        self.node.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, qos.STREAM)
        self.node.create_timer(1 / ROBOT.command.rate_hz, self._drive)

    def _drive(self) -> None:
        if self.driver_alive:
            names = [*ROBOT.joints, ROBOT.gripper.joint]
            self._states.publish(convert.vector_to_msg(names, [*self.q, 0.04], self.now()))

    def _on_command(self, msg: Float64MultiArray) -> None:
        self.q = np.array(msg.data)
        self.commands.append((time.monotonic(), self.q))

    def _on_diagnostics(self, msg: DiagnosticArray) -> None:
        for status in msg.status:
            if status.name == "safety: output":
                self.output = {key: float(value) for key, value in convert.values_of(status).items()}
                continue
            self.counts = {key: int(value) for key, value in convert.values_of(status).items() if key != "mode"}

    def act(self, action: list[float], stamp: int | None = None) -> None:
        names = (*ACTION, *map(str, range(9)))[: len(action)]
        self._actions.publish(convert.vector_to_msg(names, action, self.now() if stamp is None else stamp, "POLICY"))

    def teleop(self, action: list[float], stamp: int) -> None:
        self._teleop.publish(convert.vector_to_msg(ACTION, action, stamp, "HUMAN"))

    def run(self) -> None:
        """Reset and start; the robot then follows actions."""
        assert self.spin_until(lambda: len(self.commands) > 5)
        assert self.call("reset") and self.spin_until(lambda: self.mode == "READY")
        assert self.call("start") and self.spin_until(lambda: self.mode == "RUNNING")

    def speed(self, window_s: float = 0.1) -> float:
        """Fastest joint over the commands of the last `window_s` [rad/s]."""
        recent = [q for at, q in self.commands if at > time.monotonic() - window_s]
        return float(np.abs(np.diff(recent, axis=0)).max() * ROBOT.command.rate_hz) if len(recent) > 1 else 0.0


NODE = ("-m", "robot_rl.nodes.safety")
BREAKS = """
import sys
from robot_rl.nodes.safety import main
from robot_rl.safety.filter import SafetyFilter
follow = SafetyFilter.follow_tcp
def broken(self, *args):
    if self.tcp_speed > 0.15:
        raise RuntimeError("a defect in mid-motion")
    return follow(self, *args)
SafetyFilter.follow_tcp = broken
sys.exit(main())
"""
"""The node with a defect that shows once the arm is fast."""
STOPS = """
import os, signal, sys
from robot_rl.nodes.safety import main
from robot_rl.safety.controller import SafetyController
tick, stopped = SafetyController.tick, []
def held_up(self, now_ns):
    command = tick(self, now_ns)
    if not stopped and self._filter.tcp_speed > 0.15:
        stopped.append(True)
        os.kill(os.getpid(), signal.SIGSTOP)
    return command
SafetyController.tick = held_up
sys.exit(main())
"""
"""The node, stopped between deciding and sending once the arm is fast."""


@pytest.fixture
def safety(
    request: pytest.FixtureRequest, free_domain: int, monkeypatch: pytest.MonkeyPatch
) -> Iterator[subprocess.Popen[bytes]]:
    monkeypatch.setenv("ROS_DOMAIN_ID", str(free_domain))
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    words = getattr(request, "param", NODE)
    process = subprocess.Popen([sys.executable, *words], env=dict(os.environ))
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def peers(safety: subprocess.Popen[bytes], free_domain: int) -> Iterator[Peers]:
    peers = Peers(free_domain)
    yield peers
    peers.close()


def test_actions_move_the_robot_only_after_reset_and_start(peers: Peers) -> None:
    assert peers.spin_until(lambda: len(peers.commands) > 5)
    peers.act([1.0, 0.0, 0.0, 1.0])
    peers.spin_for(0.3)
    assert np.allclose(peers.q, ROBOT.home, atol=1e-6)
    peers.run()
    peers.act([1.0, 0.0, 0.0, 1.0])
    assert peers.spin_until(lambda: peers.speed() > 0.05)


def test_what_was_executed_is_announced_with_the_stamp_of_its_observation(peers: Peers) -> None:
    peers.run()
    stamp = peers.now()
    peers.act([0.3, -0.2, 0.1, 1.0], stamp)
    peers.spin_for(0.1)
    peers.act([0.0, 0.0, 0.0, 1.0])
    assert peers.spin_until(lambda: bool(peers.executed))
    done = peers.executed[0]
    assert convert.time_from_msg(done.header.stamp) == stamp and done.header.frame_id == "POLICY"
    assert convert.vector_from_msg(done, ACTION) == pytest.approx([0.3, -0.2, 0.1, 1.0], abs=0.05)


def test_silence_of_the_policy_brings_the_robot_to_rest(peers: Peers) -> None:
    peers.run()
    peers.act([1.0, 0.0, 0.0, 1.0])
    assert peers.spin_until(lambda: peers.speed() > 0.05)
    peers.spin_for(1.0)
    assert peers.speed() == 0.0
    assert peers.spin_until(lambda: peers.counts.get("COMMAND_SILENT", 0) > 0)


def test_silence_of_the_driver_brings_the_commands_to_rest(peers: Peers) -> None:
    peers.run()
    peers.driver_alive = False
    for _ in range(8):
        peers.act([1.0, 0.0, 0.0, 1.0])
        peers.spin_for(0.1)
    assert peers.speed() == 0.0
    assert peers.spin_until(lambda: peers.counts.get("STATE_STALE", 0) > 0)


def test_bad_actions_are_refused_and_counted(peers: Peers) -> None:
    peers.run()
    peers.act([float("nan"), 0.0, 0.0, 1.0])
    peers.spin_for(0.1)
    peers.act([1.0, 1.0])
    peers.spin_for(0.1)
    peers.act([1.0, 0.0, 0.0, 1.0], peers.now() - 10**9)
    assert peers.spin_until(lambda: {"NOT_FINITE", "WRONG_SIZE", "STALE_COMMAND"} <= set(peers.counts))
    assert np.allclose(peers.q, ROBOT.home, atol=2e-3)


def test_a_pause_is_told_until_a_reset_is_asked_for(peers: Peers) -> None:
    peers.run()
    assert peers.paused == "False" and peers.call("stop") and peers.spin_until(lambda: peers.mode == "IDLE")
    assert peers.paused == "False" and peers.call("pause")
    assert peers.spin_until(lambda: peers.paused == "True") and peers.mode == "IDLE"
    peers.run()
    assert peers.paused == "False"
    peers.act([1.0, 0.0, 0.0, 1.0])
    assert peers.spin_until(lambda: peers.speed() > 0.05) and peers.call("pause")
    assert peers.spin_until(lambda: peers.mode == "IDLE" and peers.paused == "True" and not peers.speed())


def test_the_estop_topic_latches_and_only_clear_estop_ends_it(peers: Peers) -> None:
    peers.run()
    peers.act([1.0, 0.0, 0.0, 1.0])
    peers.estop.publish(Bool(data=True))
    assert peers.spin_until(lambda: peers.mode == "ESTOP")
    peers.spin_for(0.5)
    assert peers.speed() == 0.0
    assert not peers.call("start") and not peers.call("reset")
    assert peers.call("clear_estop") and peers.spin_until(lambda: peers.mode == "IDLE")
    assert peers.call("reset")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_moving_leaves_the_robot_at_rest(
    peers: Peers, safety: subprocess.Popen[bytes], number: int
) -> None:
    peers.run()
    for _ in range(3):
        peers.act([1.0, 0.0, 0.0, 1.0])
        peers.spin_for(0.1)
    safety.send_signal(number)
    assert peers.spin_until(lambda: safety.poll() is not None)
    peers.spin_for(0.3)
    assert safety.returncode == 0
    assert_ended_at_rest(peers)


def assert_ended_at_rest(peers: Peers) -> None:
    """The last commands brake within the acceleration limit and then repeat one position."""
    dq = np.diff([q for _, q in peers.commands[-15:]], axis=0) * ROBOT.command.rate_hz
    assert np.abs(dq).max() > 0.1, "it was moving"
    change = np.array(ROBOT.limits.acceleration) / ROBOT.command.rate_hz + 1e-6
    assert (np.abs(np.diff(dq, axis=0)) <= change).all()
    assert (dq[-2:] == 0.0).all()


@pytest.mark.parametrize("safety", [("-c", BREAKS)], indirect=True)
def test_an_unhandled_exception_while_moving_leaves_the_robot_at_rest(
    peers: Peers, safety: subprocess.Popen[bytes]
) -> None:
    peers.run()
    for _ in range(6):
        peers.act([0.0, 1.0, 0.0, 1.0])
        peers.spin_for(0.1)
    assert peers.spin_until(lambda: safety.poll() is not None)
    peers.spin_for(0.3)
    assert safety.returncode == 1
    assert_ended_at_rest(peers)


def test_a_process_held_up_in_mid_motion_goes_on_from_rest(peers: Peers, safety: subprocess.Popen[bytes]) -> None:
    move(peers)
    safety.send_signal(signal.SIGSTOP)
    assert_goes_on_from_rest(peers, safety)


@pytest.mark.parametrize("safety", [("-c", STOPS)], indirect=True)
def test_what_was_decided_before_the_process_was_held_up_is_not_sent(
    peers: Peers, safety: subprocess.Popen[bytes]
) -> None:
    move(peers)
    assert_goes_on_from_rest(peers, safety)


def move(peers: Peers) -> None:
    peers.run()
    for _ in range(4):
        peers.act([1.0, 0.0, 0.0, 1.0])
        peers.spin_for(0.1)


def assert_goes_on_from_rest(peers: Peers, safety: subprocess.Popen[bytes]) -> None:
    """The process, stopped by now, sends nothing; let go on, its first command is one from rest."""
    peers.spin_for(0.5)
    moving = np.abs(peers.commands[-1][1] - peers.commands[-2][1]).max()
    held, before = peers.commands[-1][1], len(peers.commands)
    peers.spin_for(0.1)
    assert len(peers.commands) == before, "it was stopped"
    safety.send_signal(signal.SIGCONT)
    assert peers.spin_until(lambda: len(peers.commands) > before + 3)
    assert moving > 1e-4, "it was moving"
    first = np.abs(peers.commands[before][1] - held).max()
    assert first < np.array(ROBOT.limits.acceleration).max() / ROBOT.command.rate_hz**2 + 1e-9
    assert peers.spin_until(lambda: peers.counts.get("STALLED") == 1)


def test_a_person_has_control_over_the_policy_and_is_named(peers: Peers) -> None:
    peers.run()
    for _ in range(4):
        stamp = peers.now()
        peers.act([1.0, 0.0, 0.0, 1.0], stamp)
        peers.teleop([0.0, 0.5, 0.0, 1.0], stamp)
        peers.spin_for(0.1)
    peers.spin_for(0.5)
    assert {done.header.frame_id for done in peers.executed} == {"HUMAN"} and len(peers.executed) == 4
    assert peers.spin_until(lambda: peers.counts.get("PERSON_ACTS", 0) >= 3)


def test_the_output_tells_how_regular_it_is(peers: Peers) -> None:
    assert peers.spin_until(lambda: "command_period_p99_ms" in peers.output)
    assert 0.0 < peers.output["command_period_p50_ms"] <= peers.output["command_period_p99_ms"]
