"""The proprio node as a process: joint states in parts, without velocities, and a wrench, to the configured vector."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import rclpy
import yaml
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import WrenchStamped
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import JointState

from robot_rl.config.loader import to_plain
from robot_rl.nodes import convert, qos
from robot_rl.robot.spec import load_robot

ROBOT = load_robot("fr3_sim")
PARTS = ["joint_positions", "joint_velocities", "gripper", "wrench"]
pytestmark = pytest.mark.timeout(300)


class Driver:
    """Arm, gripper and force sensor, each with a publisher of its own, and who listens to the vector."""

    def __init__(self, domain: int) -> None:
        self.context = Context()
        rclpy.init(context=self.context, domain_id=domain, signal_handler_options=SignalHandlerOptions.NO)
        self.node = rclpy.create_node("driver", context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.vectors: list[JointState] = []
        self.report: dict[str, str] = {}
        self.tick, self.with_wrench = 0, True
        self._joints = self.node.create_publisher(JointState, ROBOT.joint_states, qos.STREAM)
        self._wrench = self.node.create_publisher(WrenchStamped, "ft/wrench", qos.STREAM)
        self.node.create_subscription(JointState, "proprio", self.vectors.append, qos.STREAM)
        self.node.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, qos.STREAM)
        self.node.create_timer(0.02, self._drive)

    def _drive(self) -> None:
        self.tick += 1
        stamp = self.tick * 20_000_000
        wrench = WrenchStamped()
        wrench.header.stamp = convert.time_to_msg(stamp)
        wrench.wrench.force.z = -7.0
        if self.with_wrench:
            self._wrench.publish(wrench)
        self._joints.publish(convert.vector_to_msg([ROBOT.gripper.joint, "head_pan"], [0.02, 1.0], stamp))
        arm = np.array(ROBOT.home) + 0.1 * self.tick * 0.02
        self._joints.publish(convert.vector_to_msg(ROBOT.joints[::-1], arm[::-1], stamp))

    def _on_diagnostics(self, msg: DiagnosticArray) -> None:
        for status in msg.status:
            if status.name == "proprio: joint states":
                self.report = {**convert.values_of(status), "message": status.message}

    def until(self, condition: Callable[[], bool], timeout_s: float = 60.0) -> bool:
        deadline = time.monotonic() + timeout_s
        while not condition() and time.monotonic() < deadline:
            self.executor.spin_once(timeout_sec=0.02)
        return condition()


@pytest.fixture
def driver(free_domain: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    path = tmp_path / "robot.yaml"
    proprio = {"parts": PARTS, "wrench_topic": "ft/wrench"}
    path.write_text(yaml.safe_dump({**to_plain(ROBOT), "proprio": proprio}))
    monkeypatch.setenv("ROS_DOMAIN_ID", str(free_domain))
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    words = [sys.executable, "-m", "robot_rl.nodes.proprio", "--ros-args", "-p", f"robot:={path}"]
    process, driver = subprocess.Popen(words, env=dict(os.environ)), Driver(free_domain)
    try:
        yield driver
    finally:
        driver.node.destroy_node()
        rclpy.try_shutdown(context=driver.context)
        process.send_signal(signal.SIGINT)
        process.wait(20)


def test_the_vector_is_what_the_robots_file_says(driver: Driver) -> None:
    assert driver.until(lambda: len(driver.vectors) > 20)
    vector = convert.mapping_from_msg(driver.vectors[-1])
    assert list(vector) == [
        *(f"q_{joint}" for joint in ROBOT.joints), *(f"dq_{joint}" for joint in ROBOT.joints),
        "gripper", "force_x", "force_y", "force_z", "torque_x", "torque_y", "torque_z",
    ]  # fmt: skip
    assert [vector[f"dq_{joint}"] for joint in ROBOT.joints] == pytest.approx([0.1] * 7, abs=0.02)
    assert vector["gripper"] == pytest.approx(0.02) and vector["force_z"] == -7.0
    assert vector["q_fr3_joint1"] - vector["q_fr3_joint7"] == pytest.approx(ROBOT.home[0] - ROBOT.home[6], abs=1e-5)
    assert driver.until(lambda: driver.report.get("other_joints") == "head_pan")
    assert driver.report["velocities"] == "from positions"


def test_without_the_wrench_there_is_no_vector_and_the_report_says_why(driver: Driver) -> None:
    assert driver.until(lambda: len(driver.vectors) > 5)
    driver.with_wrench = False
    assert driver.until(lambda: "the wrench on 'ft/wrench' is" in driver.report.get("message", ""))
    driver.vectors.clear()
    driver.until(lambda: bool(driver.vectors), 0.5)
    assert not driver.vectors
