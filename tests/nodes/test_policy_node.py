"""The policy node as a process, with cameras, robot and safety node played by the test over real DDS."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import Image, JointState, PointCloud2
from std_srvs.srv import Trigger

from robot_rl.config.learning import LearnerConfig
from robot_rl.config.nodes import RigConfig
from robot_rl.learning.sac import SAC
from robot_rl.learning.weights import WeightsMeta, pack
from robot_rl.nodes import convert, qos
from robot_rl.robot.spec import load_robot, step_spec

RIG = RigConfig()
SPEC = step_spec(RIG, load_robot(RIG.robot))
pytestmark = pytest.mark.timeout(300)


class Rig:
    """Everything around the policy node; each source can be silenced, and each picture is marked with its number."""

    def __init__(self, domain: int) -> None:
        self.context = Context()
        rclpy.init(context=self.context, domain_id=domain, signal_handler_options=SignalHandlerOptions.NO)
        self.node = rclpy.create_node("rig", context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.silent: set[str] = set()
        self.actions: list[JointState] = []
        self.steps: list[np.ndarray] = []
        self.counts: dict[str, str] = {}
        self.resets, self.success = 0, False
        self._publishers = {c: self._publisher(Image, f"camera/{c}/image") for c in RIG.cameras}
        self._publishers |= {name: self._publisher(JointState, name) for name in ("proprio", "reward")}
        self._executed = self._publisher(JointState, "action/executed", qos.EVENTS)
        self._status = self._publisher(DiagnosticStatus, "safety/status", qos.LATCHED)
        for name in ("reset", "start", "stop"):
            self.node.create_service(Trigger, f"safety/{name}", self._service(name))
        self.node.create_subscription(JointState, "action/policy", self._on_action, qos.COMMAND)
        self.node.create_subscription(PointCloud2, "step", self._on_step, qos.STEP)
        self.node.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, qos.STREAM)
        self.node.create_timer(0.03, self._publish)
        self._show("IDLE")

    def _publisher(self, kind: Any, topic: str, profile: Any = qos.STREAM) -> Any:
        return self.node.create_publisher(kind, topic, profile)

    def _show(self, mode: str) -> None:
        values = {"mode": mode, "resets": self.resets, "stamp_ns": self.now()}
        self._status.publish(convert.status_to_msg("safety", 0, mode, values))

    def _service(self, name: str) -> Callable[[Trigger.Request, Trigger.Response], Trigger.Response]:
        def answer(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
            self.resets += name == "reset"
            self._show({"reset": "READY", "start": "RUNNING", "stop": "IDLE"}[name])
            response.success = True
            return response

        return answer

    def _publish(self) -> None:
        stamp = self.now()
        for camera in set(RIG.cameras) - self.silent:
            image = np.full(SPEC.observation.image_shape, 7, np.uint8)
            self._publishers[camera].publish(convert.image_to_msg(image, stamp, camera))
        if "proprio" not in self.silent:
            names = SPEC.observation.proprio
            self._publishers["proprio"].publish(convert.vector_to_msg(names, np.zeros(len(names)), stamp))
        values = (float(self.success), self.success, self.success)
        self._publishers["reward"].publish(convert.vector_to_msg(("reward", "success", "terminated"), values, stamp))

    def _on_action(self, msg: JointState) -> None:
        self.actions.append(msg)
        values = [0.25] * SPEC.action.size
        stamp = convert.time_from_msg(msg.header.stamp)
        self._executed.publish(convert.vector_to_msg((*SPEC.action.names, "latency"), [*values, 0.01], stamp, "POLICY"))

    def _on_step(self, msg: PointCloud2) -> None:
        self.steps.append(convert.step_from_msg(msg, SPEC))

    def _on_diagnostics(self, msg: DiagnosticArray) -> None:
        self.counts = {pair.key: pair.value for pair in msg.status[0].values}

    def now(self) -> int:
        return int(self.node.get_clock().now().nanoseconds)

    def spin_until(self, condition: Callable[[], bool], timeout_s: float = 60.0) -> bool:
        deadline = self.now() + timeout_s * 1e9
        while not condition() and self.now() < deadline:
            self.executor.spin_once(timeout_sec=0.02)
        return condition()

    def spin_for(self, seconds: float) -> None:
        self.spin_until(lambda: False, seconds)

    def close(self) -> None:
        self.node.destroy_node()
        rclpy.try_shutdown(context=self.context)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    config = LearnerConfig().sac
    path = tmp_path / "policy.safetensors"
    path.write_bytes(pack(WeightsMeta(5, "sac", config, SPEC), SAC(config, SPEC).actor_tensors()))
    return path


@pytest.fixture
def rig(free_domain: int, monkeypatch: pytest.MonkeyPatch, weights: Path) -> Iterator[Rig]:
    monkeypatch.setenv("ROS_DOMAIN_ID", str(free_domain))
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    parameters = (f"weights:={weights}", "act:=mean", "wait_for_learner:=false", "episode_steps:=8")
    flags = [word for parameter in parameters for word in ("-p", parameter)]
    process = subprocess.Popen(
        [sys.executable, "-m", "robot_rl.nodes.policy", "--ros-args", *flags], env={**os.environ}
    )
    rig = Rig(free_domain)
    yield rig
    rig.close()
    process.kill()
    process.wait()


def test_acts_at_its_rate_on_fresh_observations_and_publishes_whole_episodes(rig: Rig) -> None:
    assert rig.spin_until(lambda: any(step["is_last"] and step["index"] == 8 for step in rig.steps))
    end = [bool(step["is_last"] and step["index"] == 8) for step in rig.steps].index(True)
    episode = rig.steps[end - 8 : end + 1]
    assert [int(step["index"]) for step in episode] == list(range(9))
    assert not episode[-1]["is_terminal"], "a time limit is no termination"
    assert all((step["action"] == 0.25).all() for step in episode[:-1]), "the executed action enters"
    assert {int(step["policy_version"]) for step in episode} == {5}
    periods = np.diff([int(step["stamp_ns"]) for step in episode]) * 1e-6
    assert np.median(periods) > 60.0, "not at the rate of the pictures"
    assert max(float(step["age"].max()) for step in episode) <= 0.15


@pytest.mark.parametrize("source", ["wrist", "proprio"])
def test_a_silent_source_gives_no_action_and_a_counted_reason(rig: Rig, source: str) -> None:
    assert rig.spin_until(lambda: len(rig.actions) > 2)
    rig.silent.add(source)
    rig.spin_for(1.0)
    before = len(rig.actions)
    rig.spin_for(1.0)
    assert len(rig.actions) == before
    assert rig.spin_until(lambda: f"{source} STALE" in rig.counts)
    assert rig.spin_until(lambda: any(step["is_last"] for step in rig.steps))
    assert not rig.steps[-1]["is_terminal"], "an episode that lost its eyes is truncated"
    rig.silent.clear()
    assert rig.spin_until(lambda: len(rig.actions) > before)


def test_success_ends_the_episode_as_a_termination(rig: Rig) -> None:
    assert rig.spin_until(lambda: len(rig.actions) > 2)
    rig.success = True
    assert rig.spin_until(lambda: any(step["is_last"] for step in rig.steps))
    last = next(step for step in rig.steps if step["is_last"])
    assert last["is_terminal"] and last["success"]
    assert next(step for step in reversed(rig.steps) if step["episode"] == 0 and not step["is_last"])["reward"] == 1.0
