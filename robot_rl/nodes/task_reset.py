"""The safety node's request to put the task back, once a reset has brought the arm home; it does not wait for ever."""

from __future__ import annotations

import time
from collections.abc import Callable

from rclpy.node import Node
from rclpy.task import Future
from std_srvs.srv import Trigger

from robot_rl.safety.reasons import Reason


class TaskReset:
    """Calls Trigger service `service` once per arrival; '' is a task that puts itself back.

    `on_end` gets None once it is put back, else the reason of the fault: the service failed, or neither came nor
    answered within `timeout_s` of wall time. An answer to an earlier arrival is ignored.
    """

    def __init__(self, node: Node, service: str, timeout_s: float, on_end: Callable[[Reason | None], None]) -> None:
        self._client = node.create_client(Trigger, service) if service else None
        self._timeout_s, self._on_end = timeout_s, on_end
        self._arrived: float | None = None
        self._request: Future | None = None

    def attend(self, at_home: bool) -> None:
        """Called often, with whether a reset waits for the task now."""
        if not at_home:
            self._arrived = self._request = None
            return
        self._arrived = self._arrived or time.monotonic()
        if self._client is None:
            self._on_end(None)
        elif time.monotonic() - self._arrived > self._timeout_s:
            self._on_end(Reason.TASK_RESET_SILENT)
        elif self._request is None and self._client.service_is_ready():
            self._request = self._client.call_async(Trigger.Request())
            self._request.add_done_callback(self._on_answer)

    def _on_answer(self, future: Future) -> None:
        if future is self._request:
            result = future.result()
            self._on_end(None if result is not None and result.success else Reason.TASK_RESET_FAILED)
