"""The operator's view of a running graph: one updating screen on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.clock import Clock, ClockType
from rich.console import Console
from rich.live import Live
from sensor_msgs.msg import JointState

from robot_rl.config.nodes import MonitorNodeConfig
from robot_rl.control.progress import Progress
from robot_rl.control.vitals import Vitals
from robot_rl.nodes import convert, qos
from robot_rl.nodes.runner import GraphNode, run
from robot_rl.nodes.screen import screen


class MonitorNode(GraphNode):
    """Gathers what the other nodes publish; commands nothing."""

    def __init__(self) -> None:
        super().__init__("monitor")
        config = self.configure(MonitorNodeConfig)
        self.progress = Progress(config.title, config.episodes, config.budget_s, config.discard_failures)
        self.create_subscription(JointState, "episode", self._on_episode, qos.EVENTS)
        self.create_subscription(JointState, "learner/metrics", self._on_metrics, qos.STREAM)
        self.create_subscription(DiagnosticStatus, "safety/status", self._on_safety, qos.LATCHED)
        self.create_subscription(DiagnosticStatus, "episode/state", self._on_state, qos.LATCHED)
        self.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, qos.EVENTS)
        self.create_subscription(JointState, "action/executed", self._on_executed, qos.STREAM)
        terminal = Console()
        self._live = Live(console=terminal, transient=False) if terminal.is_terminal else None
        if self._live:
            self._live.start()
        period = 0.5 if self._live else config.period_s
        self.create_timer(period, self.show, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def _on_episode(self, msg: JointState) -> None:
        self.progress.add_episode(convert.mapping_from_msg(msg))

    def _on_metrics(self, msg: JointState) -> None:
        self.progress.metrics = convert.mapping_from_msg(msg)

    def _on_safety(self, msg: DiagnosticStatus) -> None:
        self.progress.mode = convert.values_of(msg).get("mode", "?")

    def _on_state(self, msg: DiagnosticStatus) -> None:
        called = self.progress.call
        self.progress.take_state(convert.values_of(msg))
        notice = "" if msg.level == DiagnosticStatus.OK else msg.message
        if notice != self.progress.notice:
            self.progress.notice = notice
            self.show()  # at once: a person is waited for
        elif self.progress.call != called:
            self._call()

    def _on_diagnostics(self, msg: DiagnosticArray) -> None:
        for status in msg.status:
            if status.name == "safety: limits":
                counts = {key: int(value) for key, value in convert.values_of(status).items() if key != "mode"}
                self.progress.safety = Counter(counts)
            elif status.name == "policy: observations":
                self.progress.vitals = Vitals.from_values(convert.values_of(status))
            elif status.name == "teleop: device":
                device = convert.values_of(status)
                self.progress.device = "" if status.level == DiagnosticStatus.OK else status.message
                self.progress.keys = {key[4:]: text for key, text in device.items() if key.startswith("key ")}

    def _on_executed(self, msg: JointState) -> None:
        self.progress.actions.add(msg.header.frame_id, convert.mapping_from_msg(msg)["latency"])

    def _call(self) -> None:
        """Tell a person who demonstrates what is waited for, or the seconds: their eyes are on the robot."""
        if self._live:
            self.show()
            self._live.console.bell()
        elif self.progress.call:
            print(f"{self.progress.title}: {self.progress.call}", flush=True)

    def show(self) -> None:
        """Draw the current state."""
        if self._live is None:
            print(self.progress.line(), flush=True)
            return
        self._live.update(screen(self.progress), refresh=True)

    def close(self) -> None:
        """Show the last state."""
        self.show()
        if self._live:
            self._live.stop()


def main(args: Any = None) -> int:
    """Run the node; return its exit code."""
    return run(MonitorNode, args)


if __name__ == "__main__":
    sys.exit(main())
