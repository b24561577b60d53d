"""The receiving end of the step stream: each step into the store exactly once, in order, and what is committed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np
from rclpy.clock import Clock, ClockType
from sensor_msgs.msg import JointState, PointCloud2

from robot_rl.core.errors import RobotRLError, SchemaError
from robot_rl.core.record import StepSpec
from robot_rl.nodes import convert, qos
from robot_rl.nodes.runner import GraphNode
from robot_rl.replay.writer import ReplayWriter

RETRY_S = 1.0
"""Wall time after which steps that the disk refused are tried again."""
STATUS_NAMES = ("run_id", "committed", "env_steps", "updates", "update_debt")


class StepSink:
    """Writes steps of the `step` topic and announces the number committed on `learner/status`.

    A step that the disk refuses waits and is tried again, so none is lost and `committed` stands still meanwhile,
    which keeps the policy node from starting episodes. Duplicates (a restarted writer gets the stream's history again)
    are dropped by sequence number, gaps are counted.
    """

    def __init__(
        self,
        node: GraphNode,
        spec: StepSpec,
        writer: ReplayWriter,
        on_record: Callable[[np.ndarray], None] | None = None,
    ) -> None:
        self._on_record = on_record
        self._node, self._spec, self._writer = node, spec, writer
        self.duplicates, self.gaps, self.run_id, self._next = 0, 0, 0, 0
        self.updates, self.update_debt = 0, 0.0
        self._status = node.create_publisher(JointState, "learner/status", qos.LATCHED)
        self._waiting: deque[np.ndarray] = deque()
        node.create_subscription(PointCloud2, "step", self._on_step, qos.STEP)
        node.create_timer(RETRY_S, self._write_waiting, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self.announce()

    def _on_step(self, msg: PointCloud2) -> None:
        try:
            record = convert.step_from_msg(msg, self._spec)
        except SchemaError as error:
            self._node.get_logger().error(str(error), throttle_duration_sec=5.0)
            return
        self._waiting.append(record)
        self._write_waiting()

    def _write_waiting(self) -> None:
        """Write what waits, oldest first; where the disk refuses, all of it waits for the next try."""
        while self._waiting:
            try:
                self._write(self._waiting[0])
            except RobotRLError as error:
                self._node.get_logger().error(str(error), throttle_duration_sec=5.0)
                return
            self._waiting.popleft()

    def _write(self, record: np.ndarray) -> None:
        run_id, seq = int(record["run_id"]), int(record["seq"])
        if run_id != self.run_id:
            self.run_id, self._next = run_id, self._writer.last_seq(run_id) + 1
        if seq < self._next:
            self.duplicates += 1
            return
        self._writer.append(record)
        self._writer.commit()
        self.gaps += seq - self._next
        self._next = seq + 1
        if self._on_record is not None:
            self._on_record(record)
        if record["is_last"] or seq % 10 == 0:
            self.announce()

    def announce(self) -> None:
        """Publish the latched status: steps committed of the current writer, environment steps, updates and debt."""
        values = (self.run_id, self._next, self._writer.committed, self.updates, self.update_debt)
        self._status.publish(convert.vector_to_msg(STATUS_NAMES, values, self._node.now_ns()))
