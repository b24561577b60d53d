"""Steps into replay, governed updates on a thread, weights out, checkpoints, metrics, and the end of training."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock, ClockType
from sensor_msgs.msg import JointState
from std_msgs.msg import UInt8MultiArray

from robot_rl.config.nodes import LearnerNodeConfig
from robot_rl.config.run_dir import RunDir
from robot_rl.core.errors import UsageError
from robot_rl.core.files import write_atomic, write_json
from robot_rl.core.record import Source
from robot_rl.learning.goal import INTERRUPTED, SUCCESS, Goal
from robot_rl.learning.learner import Learner
from robot_rl.learning.logbook import Logbook, last_wall_s
from robot_rl.learning.training import Training
from robot_rl.nodes import convert, qos
from robot_rl.nodes.diagnostics import ERROR, OK, WARN, Diagnostics, Report
from robot_rl.nodes.runner import GraphNode, run
from robot_rl.nodes.sink import StepSink
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.writer import ReplayWriter
from robot_rl.robot.spec import load_robot, step_spec

METRICS_S = 1.0
"""Wall time between two sets of metrics."""


class LearnerNode(GraphNode):
    """Keeps the run: its store, its training thread, its result."""

    def __init__(self) -> None:
        super().__init__("learner")
        self.config = config = self.configure(LearnerNodeConfig)
        if not config.run_dir:
            raise UsageError("parameter 'run_dir' of node 'learner' is '': give the run directory.")
        self.run_dir = RunDir(Path(config.run_dir))
        self.run_dir.path.mkdir(parents=True, exist_ok=True)
        spec = step_spec(config, load_robot(config.robot))
        meta = {"task": config.task, "robot": config.robot}
        self._writer = ReplayWriter.open(self.run_dir.replay, spec, meta, fsync=config.fsync)
        online = ReplayReader(self.run_dir.replay)
        online.refresh()
        demos = [ReplayReader(path) for path in config.demos if path]
        for warning in filter(None, (reader.warning for reader in (online, *demos))):
            self.get_logger().warning(warning)
        self._learner = Learner.from_stores(config.learner, online, demos)
        if self._learner.restore(self.run_dir.checkpoints):
            self.get_logger().info(f"resumed at {self._learner.updates} updates, {self._learner.env_steps} steps")
        self._goal = Goal(config.learner)
        episodes = online.episodes()
        self._interventions = episodes[-1].interventions if episodes else 0  # in the episode that runs
        self._goal.go_on(episodes, self.run_dir.result().get("settled", 0))
        self._earlier_s, self._started = last_wall_s(self.run_dir.path), time.monotonic()
        self._training = Training(self._learner, self.run_dir.checkpoints, config.nice)
        self._logbook = Logbook(self.run_dir.path)
        self._metrics: dict[str, float] = {}
        self._next_metrics, self._reason, self._safety = 0.0, "", dict[str, int]()
        self._wall_s: float | None = None
        self._connect(spec)
        self._training.start()

    def _connect(self, spec: Any) -> None:
        self._weights = self.create_publisher(UInt8MultiArray, "policy/weights", qos.LATCHED)
        self._metrics_out = self.create_publisher(JointState, "learner/metrics", qos.STREAM)
        self._sink = StepSink(self, spec, self._writer, on_record=self._on_record)
        self.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, qos.STREAM)
        self.create_timer(0.05, self._attend, clock=Clock(clock_type=ClockType.STEADY_TIME))
        Diagnostics(self, "learning", self.run_dir.name, self._report)

    @property
    def wall_s(self) -> float:
        """Training wall clock of the whole run [s]: since the learner was ready, earlier sessions included."""
        return self._earlier_s + time.monotonic() - self._started if self._wall_s is None else self._wall_s

    def _on_record(self, record: np.ndarray) -> None:
        self._interventions = 0 if record["is_first"] else self._interventions
        self._interventions += record["source"] == Source.INTERVENTION
        if record["is_last"]:
            self._goal.add_episode(bool(record["success"]), int(record["index"]), self._interventions)

    def _attend(self) -> None:
        """What is due on the main thread: weights, debt, metrics, the end."""
        if self._training.failure is not None:
            raise self._training.failure
        if self._training.trouble:
            self.get_logger().error(self._training.trouble, throttle_duration_sec=10.0)
        self._tell_alarms()
        weights = self._training.take_weights()
        if weights is not None:
            self._weights.publish(convert.bytes_to_msg(weights))
        status = (self._training.updates, float(max(0, self._training.updates_due)))
        if status != (self._sink.updates, self._sink.update_debt):
            self._sink.updates, self._sink.update_debt = status
            self._sink.announce()
        if self.wall_s >= self._next_metrics:
            self._next_metrics = self.wall_s + METRICS_S
            self._publish_metrics()
        if self._wall_s is None:
            self._reason = self._goal.reached(self.wall_s, self._learner.env_steps, self._training.updates)
        if self._reason:
            self.finish(0)

    def _tell_alarms(self) -> None:
        for event in self._training.take_events():
            self.get_logger().warning(f"{event.text}: {event.alarm.value}")
            try:
                self._logbook.write_alarm(event, self.wall_s, self._learner.env_steps)
            except OSError as error:
                self.get_logger().error(f"the alarm is not logged: {error.strerror}: free space or mend the disk")

    def _publish_metrics(self) -> None:
        steps = self._learner.env_steps
        taken = self._training.take_metrics()
        rate = {"updates_per_s": taken.pop("count", 0.0) / METRICS_S}
        self._metrics |= {**taken, **rate, "updates": self._training.updates, "utd": self._learner.utd}
        self._metrics |= {"wall_s": self.wall_s, "env_steps": steps, "episodes": self._goal.episodes}
        self._metrics["success_rate"] = self._goal.success_rate
        self._metrics["intervention_rate"] = self._goal.intervention_rate
        try:
            self._logbook.write(self._metrics)
        except OSError as error:
            self.get_logger().error(f"metrics are not logged: {error.strerror}: free space or mend the disk")
        names, values = list(self._metrics), list(self._metrics.values())
        self._metrics_out.publish(convert.vector_to_msg(names, values, self.now_ns()))

    def _on_diagnostics(self, msg: DiagnosticArray) -> None:
        for status in msg.status:
            if status.name == "safety: limits":
                self._safety = {key: int(value) for key, value in convert.values_of(status).items() if key != "mode"}

    def _report(self) -> Report:
        training, updates = self._training, self._training.updates
        trouble = str(training.failure or self._sink.trouble or training.trouble)
        values = {**self._sink.counts(), "updates": updates}
        values |= {f"alarm {alarm.name.lower()}": count for alarm, count in training.alarm_counts.items()}
        alarms = "; ".join(alarm.value for alarm in training.alarms)
        level = ERROR if trouble else WARN if alarms else OK
        return level, trouble or alarms or f"{updates} updates", values

    def leave(self) -> None:
        """Stop training, and take in the steps that are on their way; at the goal no episode goes on."""
        self._wall_s = self.wall_s
        self._training.halt()
        self._sink.leave(ending=bool(self._reason))

    @property
    def left(self) -> bool:
        """True once the step stream is quiet."""
        return self._sink.left

    def close(self) -> None:
        """Stop training and leave checkpoint, weights and result behind, whatever ended the node."""
        wall_s = self.wall_s
        self._training.halt()
        self._tell_alarms()
        try:
            self._sink.close()
        finally:
            self._keep(wall_s)

    def _keep(self, wall_s: float) -> None:
        try:
            self._learner.save(self.run_dir.checkpoints)
            write_atomic(self.run_dir.weights, self._learner.weights())
            result = {
                "policy_version": self._learner.updates,
                "env_steps": self._learner.env_steps,
                "updates": self._learner.updates,
                "settled": self._goal.episodes if self._reason == SUCCESS else self._goal.settled,
                "train_wall_s": round(wall_s, 2),
                "reason": self._reason or INTERRUPTED,
            }
            write_json(self.run_dir.result_json, result)
            write_json(self.run_dir.path / "safety.json", self._safety)
        finally:
            self._logbook.close()


def main(args: Any = None) -> int:
    """Run the node; return its exit code."""
    return run(LearnerNode, args)


if __name__ == "__main__":
    sys.exit(main())
