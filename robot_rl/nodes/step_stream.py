"""The sending end of the step stream: publishes steps and knows how many of them are on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from rclpy.duration import Duration
from rclpy.node import Node
from sensor_msgs.msg import JointState, PointCloud2

from robot_rl.control.backlog import Backlog, BacklogRule
from robot_rl.nodes import convert, qos
from robot_rl.nodes.learner_status import status_from_msg

ACKNOWLEDGED_S = 1.0
"""How long an ending process waits for subscribers that do not answer."""


class StepStream:
    """Publishes the records of one writer, `run_id`, on `step`.

    The middleware keeps the newest HISTORY of them for a learner or recorder that comes, or comes back, but only as
    long as this process lives: a process that ends before it is `settled` loses `unwritten` steps.
    """

    def __init__(
        self, node: Node, run_id: int, rule: BacklogRule, on_status: Callable[[], None], hold: bool = False
    ) -> None:
        """`on_status` is called after each announcement of the learner or recorder.

        With `hold` records wait for `release` or `drop`: what is dropped has never been sent.
        """
        self.sent = 0
        self._logger = node.get_logger()
        self._hold, self._held = hold, list[np.ndarray]()
        self.backlog: Backlog | None = None
        self._run_id, self._rule, self._on_status = run_id, rule, on_status
        self._publisher = node.create_publisher(PointCloud2, "step", qos.STEP)
        node.create_subscription(JointState, "learner/status", self._on_learner, qos.LATCHED)

    def send(self, records: Iterable[np.ndarray]) -> None:
        """Publish records (shape ()), in order, or hold them."""
        if self._hold:
            self._held.extend(records)
        else:
            self._publish(records)

    def release(self) -> None:
        """Publish what is held."""
        self._publish(self._held)
        self._held = []

    def drop(self) -> None:
        """Forget what is held."""
        self._held = []

    @property
    def refusal(self) -> str:
        """Why no episode may start, or ''."""
        return self._rule.refusal(self.sent, self.backlog)

    @property
    def full(self) -> bool:
        """True where a running episode must end for want of room in the stream's history."""
        return self._rule.full(self.sent + len(self._held), self.backlog)

    @property
    def ending(self) -> bool:
        """True where the learner has done its job and writes no further episode."""
        return self.backlog is not None and self.backlog.ending

    @property
    def unwritten(self) -> int:
        """Steps sent that are not known to be on disk and that somebody is expected to write."""
        return self._rule.missing(self.sent, self.backlog)

    @property
    def settled(self) -> bool:
        """True where nothing is gained by living on."""
        return self.unwritten == 0 or self.ending

    def farewell(self, linger_s: float, say: bool) -> str:
        """What a process waits for that stays up to `linger_s` [s] for its last steps; with `say` also in its log."""
        wait = f"{self.unwritten} steps are not yet on disk: waiting up to {linger_s:g} s"
        if say:
            self._logger.warning(f"{wait} for a learner or recorder; interrupt to give them up", once=True)
        return wait

    def close(self) -> None:
        """Let whoever listens, a bag recorder for one, have what was sent last; say what is lost."""
        self._publisher.wait_for_all_acked(Duration(seconds=ACKNOWLEDGED_S))
        if self.unwritten:
            lost = f"{self.unwritten} steps may be lost"
            self._logger.error(f"{lost}: no learner or recorder said in time that they are on disk")

    def _publish(self, records: Iterable[np.ndarray]) -> None:
        for record in records:
            self._publisher.publish(convert.step_to_msg(record))
            self.sent += 1

    def _on_learner(self, msg: JointState) -> None:
        self.backlog = status_from_msg(msg).backlog(self._run_id, self.backlog)
        self._on_status()
