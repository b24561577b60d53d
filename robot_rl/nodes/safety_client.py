"""The policy node's view of the safety node: its mode, and its services called without waiting."""

from __future__ import annotations

from collections.abc import Callable

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.node import Node
from rclpy.task import Future
from std_srvs.srv import Trigger

from robot_rl.nodes import qos


class SafetyClient:
    """`mode` as last announced ('' before) and since when, `resets` done, and whether the last call was `refused`."""

    def __init__(self, node: Node, on_mode: Callable[[str], None]) -> None:
        self.mode, self.stamp_ns, self.resets, self.refused = "", 0, 0, False
        self._on_mode, self._logger = on_mode, node.get_logger()
        self._clients = {name: node.create_client(Trigger, f"safety/{name}") for name in ("start", "stop", "reset")}
        node.create_subscription(DiagnosticStatus, "safety/status", self._on_status, qos.LATCHED)

    def call(self, name: str) -> None:
        """Ask for `start`, `stop` or `reset`; the outcome shows in `mode` or in `refused`."""
        client = self._clients[name]
        self.refused = not client.service_is_ready()
        if not self.refused:
            client.call_async(Trigger.Request()).add_done_callback(self._on_answer)

    def _on_answer(self, future: Future) -> None:
        result = future.result()
        if result is None or not result.success:
            self.refused = True
            self._logger.warning(f"safety: {result.message if result else 'no answer'}", throttle_duration_sec=5.0)

    def _on_status(self, msg: DiagnosticStatus) -> None:
        values = {pair.key: pair.value for pair in msg.values}
        self.mode, self.resets = values["mode"], int(values["resets"])
        self.stamp_ns = int(values["stamp_ns"])
        self._on_mode(self.mode)
