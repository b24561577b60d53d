"""The policy node's view of the safety node: what it announces, and its services called without waiting."""

from __future__ import annotations

from collections.abc import Callable

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.node import Node
from rclpy.task import Future
from std_srvs.srv import Trigger

from robot_rl.control.safety_status import SafetyStatus
from robot_rl.nodes import convert, qos
from robot_rl.safety.reasons import Mode

REQUESTS = ("start", "stop", "pause", "reset")
"""`pause` is a person's stop: safety tells of it until a reset."""


class SafetyClient:
    """`status` as last announced (None before), and why the last call was `refused`, '' where it was not."""

    def __init__(self, node: Node, on_status: Callable[[SafetyStatus], None]) -> None:
        self.status: SafetyStatus | None = None
        self.refused = ""
        self._node, self._on_status, self._logger = node, on_status, node.get_logger()
        self._clients = {name: node.create_client(Trigger, f"safety/{name}") for name in REQUESTS}
        self._topic = node.create_subscription(DiagnosticStatus, "safety/status", self._take, qos.LATCHED).topic_name
        self._heard: set[bytes] = set()

    @property
    def mode(self) -> Mode | None:
        """As last announced, None before."""
        return self.status.mode if self.status else None

    @property
    def resets(self) -> int:
        """Resets done, as last announced."""
        return self.status.resets if self.status else 0

    @property
    def all_heard(self) -> bool:
        """False while a safety process is there that has not spoken yet: a call would reach it, unknown as it is."""
        return self._speakers() <= self._heard

    def call(self, name: str) -> None:
        """Ask for one of REQUESTS; the outcome shows in `status` or in `refused`."""
        client = self._clients[name]
        self.refused = "" if client.service_is_ready() else "the safety process is not there"
        if not self.refused:
            client.call_async(Trigger.Request()).add_done_callback(self._on_answer)

    def _speakers(self) -> set[bytes]:
        return {bytes(end.endpoint_gid) for end in self._node.get_publishers_info_by_topic(self._topic)}

    def _on_answer(self, future: Future) -> None:
        result = future.result()
        if result is None or not result.success:
            self.refused = result.message if result else "no answer"
            self._logger.warning(f"safety: {self.refused}", throttle_duration_sec=5.0)

    def _take(self, msg: DiagnosticStatus) -> None:
        before, self.status = self.status, SafetyStatus.from_values(msg.message, convert.values_of(msg))
        if before is None or before.run_id != self.status.run_id:
            self._heard = self._speakers()
        self._on_status(self.status)
