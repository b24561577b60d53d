"""A person at a joystick for `robot-rl bench teleop`, who sees every command and what became of every action."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import JointState, Joy
from std_msgs.msg import Header

from robot_rl.bench.handover import Commands
from robot_rl.core.record import Source
from robot_rl.nodes import convert, qos

REPEAT_S = 0.05
"""Period in which the joystick's state is said again, as joy_node does by default [s]."""


class HandoverWitness:
    """Listens on a thread of its own, in a ROS context of its own. All times are of the system's clock [ns]."""

    def __init__(self, domain: int, joints: tuple[str, ...], command_topic: str) -> None:
        """`command_topic` carries JointState."""
        self.mode, self.ticks, self.tick_ns, self.breaks = "", 0, 0, 0
        self._joints = joints
        self._commands: list[tuple[int, np.ndarray]] = []
        self._accepted: list[tuple[Source, int]] = []
        self._lock, self._over = threading.Lock(), threading.Event()
        self._context = Context()
        rclpy.init(context=self._context, domain_id=domain, signal_handler_options=SignalHandlerOptions.NO)
        self._node: Any = rclpy.create_node("handover_witness", context=self._context)
        self._joy, self._state = self._node.create_publisher(Joy, "joy", qos.STREAM), Joy()
        self._listen(JointState, command_topic, self._on_command, qos.EVENTS)
        self._listen(JointState, "action/executed", self._on_executed, qos.EVENTS)
        self._listen(DiagnosticStatus, "safety/status", self._on_status, qos.LATCHED)
        self._listen(Header, "tick", self._on_tick, qos.STREAM)
        self._node.create_timer(REPEAT_S, lambda: self._joy.publish(self._state))
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._thread = threading.Thread(target=self._spin, name="handover_witness")
        self._thread.start()

    def hold(self, axes: list[float], buttons: list[int]) -> int:
        """Hold the joystick so, from now on; the time at which that is said."""
        self._state = Joy(axes=axes, buttons=buttons)
        now = time.time_ns()
        self._joy.publish(self._state)
        return now

    def commands(self) -> Commands:
        """All commands so far."""
        with self._lock:
            stamps, q = zip(*self._commands, strict=True)
        return Commands(np.array(stamps, np.int64), np.array(q))

    def accepted(self, source: Source) -> np.ndarray:
        """Times (N,) at which safety accepted the actions of `source` that moved the robot."""
        with self._lock:
            return np.array([at for whose, at in self._accepted if whose is source], np.int64)

    def close(self) -> None:
        """Stop listening."""
        self._over.set()
        self._thread.join()
        self._node.destroy_node()
        rclpy.try_shutdown(context=self._context)

    def _listen(self, kind: type, topic: str, handle: Any, profile: QoSProfile) -> None:
        self._node.create_subscription(kind, topic, handle, profile)

    def _spin(self) -> None:
        while not self._over.is_set():
            self._executor.spin_once(timeout_sec=0.1)

    def _on_command(self, msg: JointState) -> None:
        q = convert.vector_from_msg(msg, self._joints)
        with self._lock:
            self._commands.append((convert.time_from_msg(msg.header.stamp), q))

    def _on_executed(self, msg: JointState) -> None:
        latency_ns = round(convert.mapping_from_msg(msg)["latency"] * 1e9)
        accepted = Source[msg.header.frame_id], convert.time_from_msg(msg.header.stamp) + latency_ns
        with self._lock:
            self._accepted.append(accepted)

    def _on_status(self, msg: DiagnosticStatus) -> None:
        self.mode = convert.values_of(msg)["mode"]
        self.breaks += 1

    def _on_tick(self, msg: Header) -> None:
        self.ticks = 1 if msg.frame_id == "first" else self.ticks + 1
        self.tick_ns = convert.time_from_msg(msg.stamp)
