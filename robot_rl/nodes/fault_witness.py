"""What `robot-rl bench faults` sees of a running graph: the simulator's own joint states, each source's newest data."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from sensor_msgs.msg import Image, JointState, PointCloud2
from std_msgs.msg import Float64MultiArray
from std_srvs.srv import SetBool, Trigger

from robot_rl.config.robot import RobotConfig
from robot_rl.core.record import StepSpec
from robot_rl.nodes import convert, qos
from robot_rl.nodes.witness import Witness

KEEP = 2000
"""Joint states kept, 40 s of them at 50 Hz."""


class FaultWitness(Witness):
    """Sees the arm's own states, the newest of every source, and the steps."""

    def __init__(self, domain: int, robot: RobotConfig, spec: StepSpec, states: str, camera: str) -> None:
        """`states` is the topic on which the simulator itself publishes its joint states."""
        super().__init__(domain, "fault_witness")
        self.steps: list[tuple[int, int]] = []
        self.newest: dict[str, int] = {}
        self._robot, self._spec = robot, spec
        self._stamps: list[int] = []
        self._speeds: list[np.ndarray] = []
        self._listen(JointState, states, self._on_states, qos.EVENTS)  # deep: none is to be missed by coming late
        self._listen(PointCloud2, "step", self._on_step, qos.STEP)
        for topic in ("action/policy", "action/teleop", "proprio", "reward", "joint_states"):
            self._listen(JointState, topic, self._stamped(topic))
        self._listen(Image, f"camera/{camera}/image", self._stamped(f"camera/{camera}/image"))
        self._listen(JointState, "learner/status", self._arrived("learner/status"), qos.LATCHED)
        self._listen(Float64MultiArray, robot.command.topic, self._arrived("command"))
        self._resume = self._node.create_client(Trigger, "episode/resume")
        self._freeze: dict[str, Any] = {}
        self._begin()

    def _on_states(self, msg: JointState) -> None:
        speeds = convert.vector_from_msg(JointState(name=msg.name, position=msg.velocity), self._robot.joints)
        with self._lock:
            self._stamps.append(convert.time_from_msg(msg.header.stamp))
            self._speeds.append(speeds)
            del self._stamps[:-KEEP], self._speeds[:-KEEP]

    def _on_step(self, msg: PointCloud2) -> None:
        record = convert.step_from_msg(msg, self._spec)
        self.steps.append((int(record["run_id"]), int(record["seq"])))

    def _stamped(self, topic: str) -> Callable[[Any], None]:
        def take(msg: Any) -> None:
            self.newest[topic] = max(convert.time_from_msg(msg.header.stamp), self.newest.get(topic, 0))

        return take

    def _arrived(self, topic: str) -> Callable[[Any], None]:
        def take(msg: Any) -> None:
            del msg
            self.newest[topic] = time.time_ns()

        return take

    def states(self, since_ns: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Stamps (N,) [ns] and joint velocities (N, J) [rad/s] of the states newer than `since_ns`."""
        with self._lock:
            stamps, speeds = np.array(self._stamps, np.int64), np.array(self._speeds)
        return stamps[stamps > since_ns], speeds[stamps > since_ns]

    @property
    def speed(self) -> float:
        """Speed of the fastest joint [rad/s], 0 before any state."""
        return float(np.abs(self._speeds[-1]).max()) if self._speeds else 0.0

    def resume(self) -> None:
        """Press what a person presses after a safety stop, where the policy node waits for that."""
        if self._resume.service_is_ready():
            self._resume.call_async(Trigger.Request())

    def freeze(self, relay: str, frozen: bool) -> bool:
        """Tell a relay to repeat its last message, or to go on; whether it is there to be told."""
        client = self._freeze.get(relay)
        if client is None:
            client = self._freeze[relay] = self._node.create_client(SetBool, f"{relay}/freeze")
        ready: bool = client.service_is_ready()
        if ready:
            client.call_async(SetBool.Request(data=frozen))
        return ready
