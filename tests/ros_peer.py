"""A node that a test plays itself, over real DDS, beside the processes it tests."""

import time
from collections.abc import Callable
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions
from std_srvs.srv import Trigger

from robot_rl.nodes import convert


class RosPeer:
    """Node `name` in a context of its own; nothing of it happens but while the test spins it.

    Where it listens to `safety/status` by `_on_status`, `mode`, `paused` and `says` are what safety announced last.
    """

    def __init__(self, domain: int, name: str) -> None:
        self.context = Context()
        rclpy.init(context=self.context, domain_id=domain, signal_handler_options=SignalHandlerOptions.NO)
        self.node = rclpy.create_node(name, context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.mode = self.paused = self.says = ""

    def _on_status(self, msg: DiagnosticStatus) -> None:
        values = convert.values_of(msg)
        self.mode, self.paused, self.says = values["mode"], values["paused"], msg.message

    def now(self) -> int:
        """The node's clock [ns]."""
        return int(self.node.get_clock().now().nanoseconds)

    def spin_until(self, condition: Callable[[], bool], timeout_s: float = 60.0) -> bool:
        """Spin until `condition` holds or time is up; returns whether it holds."""
        deadline = time.monotonic() + timeout_s
        while not condition() and time.monotonic() < deadline:
            self.executor.spin_once(timeout_sec=0.02)
        return condition()

    def spin_for(self, seconds: float) -> None:
        """Spin for some time."""
        self.spin_until(lambda: False, seconds)

    def request(self, kind: Any, service: str, request: Any, tries: int = 1) -> Any:
        """The answer of a service of `kind`, once it is there.

        A server that has not yet found this client's reader answers into nothing: what changes nothing may be asked
        several times.
        """
        client = self.node.create_client(kind, service)
        assert self.spin_until(client.service_is_ready)
        for _ in range(tries):
            future = client.call_async(request)
            if self.spin_until(future.done, 60.0 / tries):
                return future.result()
        raise AssertionError(f"{service} does not answer")

    def ask(self, service: str) -> Trigger.Response:
        """The answer of a Trigger service."""
        return self.request(Trigger, service, Trigger.Request())

    def call(self, name: str) -> bool:
        """Whether safety/`name` granted what it was asked for."""
        return bool(self.ask(f"safety/{name}").success)

    def close(self) -> None:
        """Leave the graph."""
        self.node.destroy_node()
        rclpy.try_shutdown(context=self.context)
