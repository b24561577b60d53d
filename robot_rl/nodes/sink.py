"""The receiving end of the step stream: each step into the store exactly once, in order, and what is committed."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

import numpy as np
from rclpy.clock import Clock, ClockType
from sensor_msgs.msg import JointState, PointCloud2

from robot_rl.core.errors import RobotRLError, SchemaError
from robot_rl.core.record import StepSpec
from robot_rl.nodes import convert, qos
from robot_rl.nodes.learner_status import LearnerStatus, status_to_msg
from robot_rl.nodes.runner import GraphNode
from robot_rl.replay.writer import ReplayWriter

ATTEND_S = 0.2
"""Wall time after which a changed status is announced, and steps that the disk refused are tried again."""
ANNOUNCE_EVERY = 10
"""Steps after which the status is announced in any case."""
QUIET_S, LEAVE_S, ENDING_S = 0.5, 3.0, 20.0
"""Wall time without a step after which a sink that is to end does so, and the most it waits for that: longer where the
policy nodes are told to end as well, for then the steps that come are the stream's history and no new ones."""
TAKE_S = 0.1
"""The former where nobody publishes any more: what has been received is still to be taken."""
FIND_S = 3.0
"""Wall time after its start in which a sink may not have found the policy nodes, whose history is to be taken in."""
RUNS = 8
"""Writers of steps whose committed number is announced: those that came last."""


class StepSink:
    """Writes steps of the `step` topic and announces the numbers committed on `learner/status`.

    A step that the disk refuses waits and is tried again, so none is lost. `committed` stands still meanwhile and
    `waiting` counts them, either of which keeps policy nodes from starting episodes and so bounds what waits.
    Duplicates (a restarted sink gets the stream's history again) are dropped by sequence number, gaps are counted; a
    step of another layout is `misfits` and never counts as committed.
    """

    def __init__(
        self,
        node: GraphNode,
        spec: StepSpec,
        writer: ReplayWriter,
        on_record: Callable[[np.ndarray], None] | None = None,
    ) -> None:
        """`on_record` is called with each record that has been committed."""
        self._node, self._spec, self._writer, self._on_record = node, spec, writer, on_record
        self.duplicates, self.gaps, self.misfits = 0, 0, 0
        self.updates, self.update_debt = 0, 0.0
        self._refusal, self._misfit = "", ""
        self._next: dict[int, int] = {}
        self._waiting: deque[np.ndarray] = deque()
        self._ending, self._heard, self._deadline = False, time.monotonic(), float("inf")
        self._born = self._heard
        self._announced: LearnerStatus | None = None
        self._publisher = node.create_publisher(JointState, "learner/status", qos.LATCHED)
        self._subscription = node.create_subscription(PointCloud2, "step", self._on_step, qos.STEP)
        node.create_timer(ATTEND_S, self._attend, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self.announce()

    @property
    def status(self) -> LearnerStatus:
        """What `announce` publishes."""
        waiting, rows = len(self._waiting), self._writer.committed
        return LearnerStatus(dict(self._next), rows, self.updates, self.update_debt, waiting, self._ending)

    def announce(self) -> None:
        """Publish the latched status."""
        self._announced = self.status
        self._publisher.publish(status_to_msg(self._announced, self._node.now_ns()))

    @property
    def trouble(self) -> str:
        """What keeps steps from the store, as a sentence, or ''."""
        return self._refusal or self._misfit

    def counts(self) -> dict[str, object]:
        """Figures for diagnostics."""
        counts: dict[str, object] = {"steps": self._writer.committed, "duplicates": self.duplicates}
        return counts | {"gaps": self.gaps, "misfits": self.misfits, "waiting": len(self._waiting)}

    def leave(self, ending: bool) -> None:
        """Serve the stream until it is quiet (`left`), so that what is on its way arrives.

        With `ending` the job is done: policy nodes are told to leave their episode and to send nothing more.
        """
        self._ending, self._heard = ending, time.monotonic()
        self._deadline = self._heard + (ENDING_S if ending else LEAVE_S)
        self.announce()

    @property
    def left(self) -> bool:
        """True once nothing more is to be expected after `leave`."""
        now = time.monotonic()
        if self._ending and not self._next and now - self._born < FIND_S:
            return False
        patience = QUIET_S if self._node.count_publishers(self._subscription.topic_name) else TAKE_S
        return (not self._waiting and now - self._heard > patience) or now > self._deadline

    def close(self) -> None:
        """Close the store, and say so if steps must be left behind."""
        self._write_waiting()
        if self._waiting:
            self._node.get_logger().error(f"{len(self._waiting)} steps are not on disk: {self.trouble}")
        self._writer.close()

    def _attend(self) -> None:
        self._write_waiting()
        if self.status != self._announced:
            self.announce()

    def _on_step(self, msg: PointCloud2) -> None:
        self._heard = time.monotonic()
        try:
            record = convert.step_from_msg(msg, self._spec)
        except SchemaError as error:
            self.misfits, self._misfit = self.misfits + 1, str(error)
            self._node.get_logger().error(self._misfit, throttle_duration_sec=5.0)
            return
        self._misfit = ""
        self._waiting.append(record)
        self._write_waiting()

    def _write_waiting(self) -> None:
        """Write what waits, oldest first; where the disk refuses, all of it waits for the next try."""
        while self._waiting:
            try:
                self._write(self._waiting[0])
            except RobotRLError as error:
                self._refusal = str(error)
                self._node.get_logger().error(self._refusal, throttle_duration_sec=5.0)
                return
            self._waiting.popleft()
        if self._refusal:
            self._refusal = ""
            self._node.get_logger().warning("the disk takes steps again; none is lost")

    def _write(self, record: np.ndarray) -> None:
        run_id, seq = int(record["run_id"]), int(record["seq"])
        due = self._due(run_id)
        if seq < due:
            self.duplicates += 1
            return
        self._writer.append(record)
        self._writer.commit()
        self.gaps += seq - due
        self._next[run_id] = seq + 1
        if self._on_record is not None:
            self._on_record(record)
        if record["is_last"] or seq % ANNOUNCE_EVERY == 0:
            self.announce()

    def _due(self, run_id: int) -> int:
        """The sequence number that comes next from a writer of steps."""
        if run_id not in self._next:
            self._next[run_id] = self._writer.last_seq(run_id) + 1
            while len(self._next) > RUNS:
                self._next.pop(next(iter(self._next)))
        return self._next[run_id]
