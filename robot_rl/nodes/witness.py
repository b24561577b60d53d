"""What benchmarks see of a running graph: a node on a thread of its own, in a ROS context of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile
from rclpy.signals import SignalHandlerOptions
from std_msgs.msg import Header

from robot_rl.nodes import convert, qos


class Witness:
    """Knows safety's `mode`, how many `ticks` the running episode has, and the stamp of the newest, `tick_ns` [ns].

    A subclass connects what else it listens to, then calls `_begin`. All times are of the system's clock [ns].
    """

    def __init__(self, domain: int, name: str) -> None:
        self.mode, self.ticks, self.tick_ns = "", 0, 0
        self._lock, self._over = threading.Lock(), threading.Event()
        self._context = Context()
        rclpy.init(context=self._context, domain_id=domain, signal_handler_options=SignalHandlerOptions.NO)
        self._node: Any = rclpy.create_node(name, context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._thread = threading.Thread(target=self._spin, name=name)
        self._listen(Header, "tick", self._on_tick)
        self._listen(DiagnosticStatus, "safety/status", self._on_status, qos.LATCHED)

    def _begin(self) -> None:
        self._executor.add_node(self._node)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._over.set()
        self._thread.join()
        self._node.destroy_node()
        rclpy.try_shutdown(context=self._context)

    def _listen(self, kind: type, topic: str, handle: Callable[[Any], None], profile: QoSProfile = qos.STREAM) -> None:
        self._node.create_subscription(kind, topic, handle, profile)

    def _spin(self) -> None:
        while not self._over.is_set():
            self._executor.spin_once(timeout_sec=0.1)

    def _on_tick(self, msg: Header) -> None:
        self.ticks = 1 if msg.frame_id == "first" else self.ticks + 1
        self.tick_ns = convert.time_from_msg(msg.stamp)

    def _on_status(self, msg: DiagnosticStatus) -> None:
        self.mode = convert.values_of(msg)["mode"]
