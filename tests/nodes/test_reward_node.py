"""The reward node as a process, with cameras and episodes played over real DDS."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from ros_peer import RosPeer
from sensor_msgs.msg import Image, JointState

from robot_rl.nodes import convert, qos

pytestmark = pytest.mark.timeout(300)
CAMERAS = ("wrist", "front")
PERIOD_NS = 100_000_000


class Cameras(RosPeer):
    """Shows images of rising stamps until enough rewards have come back."""

    def __init__(self, domain: int) -> None:
        super().__init__(domain, "cameras")
        self.heard = list[tuple[int, list[float]]]()
        self._images = {c: self.node.create_publisher(Image, f"camera/{c}/image", qos.STREAM) for c in CAMERAS}
        self._state = self.node.create_publisher(DiagnosticStatus, "episode/state", qos.LATCHED)
        self._state.publish(convert.status_to_msg("episode", 0, "", {"state": "RUNNING"}))
        self.node.create_subscription(JointState, "reward", self._on_reward, qos.STREAM)
        self.shown = 0

    def _on_reward(self, msg: JointState) -> None:
        self.heard.append((convert.time_from_msg(msg.header.stamp), list(msg.position)))

    def show_until(self, rewards: int, timeout_s: float = 60.0) -> None:
        deadline = time.monotonic() + timeout_s
        while len(self.heard) < rewards and time.monotonic() < deadline:
            self.shown += 1
            for camera, publisher in self._images.items():
                publisher.publish(convert.image_to_msg(np.zeros((64, 64, 3), np.uint8), self.shown * PERIOD_NS, camera))
            self.executor.spin_once(timeout_sec=0.05)


@pytest.fixture
def cameras(free_domain: int) -> Iterator[Cameras]:
    made = Cameras(free_domain)
    yield made
    made.close()


@contextlib.contextmanager
def node(domain: int, *parameters: str) -> Iterator[subprocess.Popen[str]]:
    """A reward node as a process."""
    words = [word for parameter in parameters for word in ("-p", parameter)]
    command = [sys.executable, "-m", "robot_rl.nodes.reward", "--ros-args", *words]
    environ = {**os.environ, "ROS_DOMAIN_ID": str(domain), "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
    process = subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=60)


@pytest.mark.parametrize("lockstep", ["true", "false"])
def test_a_persons_reward_keeps_the_policy_from_waiting(cameras: Cameras, free_domain: int, lockstep: str) -> None:
    with node(free_domain, "source:=human", f"lockstep:={lockstep}"):
        cameras.show_until(10)
    stamps = [stamp for stamp, _ in cameras.heard]
    assert len(stamps) >= 10 and stamps == sorted(stamps)
    assert set(stamps) <= {number * PERIOD_NS for number in range(cameras.shown + 1)}
    assert {tuple(values) for _, values in cameras.heard} == {(0.0, 0.0, 0.0)}


def test_a_classifier_that_is_not_there_ends_the_graph_with_a_sentence(free_domain: int) -> None:
    with node(free_domain, "source:=nothere.safetensors") as process:
        _, said = process.communicate(timeout=120)
    assert process.returncode == 2 and "cannot read reward classifier 'nothere.safetensors'" in said
