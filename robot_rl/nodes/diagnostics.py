"""Counts and rates of a node on /diagnostics, once a second of wall time."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock, ClockType

from robot_rl.nodes.convert import status_to_msg
from robot_rl.nodes.qos import STREAM
from robot_rl.nodes.runner import GraphNode

OK, WARN, ERROR = 0, 1, 2
Report = tuple[int, str, Mapping[str, object]]
"""Level, sentence, and values."""


class Diagnostics:
    """Publishes what `report` returns, as `<node>: <task>`."""

    def __init__(self, node: GraphNode, task: str, hardware_id: str, report: Callable[[], Report]) -> None:
        self._node, self._name, self._report = node, f"{node.get_name()}: {task}", report
        self._hardware_id = hardware_id
        self._publisher = node.create_publisher(DiagnosticArray, "/diagnostics", STREAM)
        node.create_timer(1.0, self._publish, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _publish(self) -> None:
        level, message, values = self._report()
        status = status_to_msg(self._name, level, message, dict(values))
        status.hardware_id = self._hardware_id
        array = DiagnosticArray(status=[status])
        array.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(array)
