"""The receiving end of the step stream: each step into the store exactly once, in order, and what is committed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sensor_msgs.msg import JointState, PointCloud2

from robot_rl.core.errors import RobotRLError
from robot_rl.core.record import StepSpec
from robot_rl.nodes import convert, qos
from robot_rl.nodes.runner import GraphNode
from robot_rl.replay.writer import ReplayWriter

STATUS_NAMES = ("run_id", "committed", "env_steps", "updates", "update_debt")


class StepSink:
    """Writes steps of the `step` topic and announces the number committed on `learner/status`.

    Duplicates (a restarted writer gets the stream's history again) are dropped by sequence number, gaps are counted.
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
        node.create_subscription(PointCloud2, "step", self._on_step, qos.STEP)
        self.announce()

    def _on_step(self, msg: PointCloud2) -> None:
        try:
            record = convert.step_from_msg(msg, self._spec)
            run_id, seq = int(record["run_id"]), int(record["seq"])
            if run_id != self.run_id:
                self.run_id, self._next = run_id, self._writer.last_seq(run_id) + 1
            if seq < self._next:
                self.duplicates += 1
                return
            self.gaps += seq - self._next
            self._writer.append(record)
            self._writer.commit()
            self._next = seq + 1
        except RobotRLError as error:
            self._node.get_logger().error(str(error), throttle_duration_sec=5.0)
            return
        if self._on_record is not None:
            self._on_record(record)
        if record["is_last"] or seq % 10 == 0:
            self.announce()

    def announce(self) -> None:
        """Publish the latched status: steps committed of the current writer, environment steps, updates and debt."""
        values = (self.run_id, self._next, self._writer.committed, self.updates, self.update_debt)
        self._status.publish(convert.vector_to_msg(STATUS_NAMES, values, self._node.now_ns()))
