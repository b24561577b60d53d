"""Reward, success and termination of each observation: by the simulator, a person, or an image classifier."""

from __future__ import annotations

import sys
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus
from sensor_msgs.msg import JointState

from robot_rl.config.nodes import RewardNodeConfig
from robot_rl.control.episode_machine import State
from robot_rl.core.outcome import Outcome
from robot_rl.nodes import convert, qos
from robot_rl.nodes.diagnostics import OK, Diagnostics, Report
from robot_rl.nodes.reward_sources import make_source
from robot_rl.nodes.runner import GraphNode, run

NAMES = ("reward", "success", "terminated")
ACTING = (State.RUNNING.name, State.HUMAN.name)


class RewardNode(GraphNode):
    """Publishes what its source says of each observation, with the observation's stamp."""

    def __init__(self) -> None:
        super().__init__("reward")
        self.config = self.configure(RewardNodeConfig)
        self._publisher = self.create_publisher(JointState, "reward", qos.STREAM)
        self._counts = {"observations": 0, "successes": 0, "failures": 0}
        self._source = make_source(self, self.config, self._say)
        self.create_subscription(DiagnosticStatus, "episode/state", self._on_episode, qos.LATCHED)
        Diagnostics(self, "outcomes", self.config.source, self._report)

    def _say(self, stamp_ns: int, outcome: Outcome) -> None:
        self._counts["observations"] += 1
        self._counts["successes"] += outcome.success
        self._counts["failures"] += outcome.terminated and not outcome.success
        values = (outcome.reward, outcome.success, outcome.terminated)
        self._publisher.publish(convert.vector_to_msg(NAMES, values, stamp_ns))

    def _on_episode(self, msg: DiagnosticStatus) -> None:
        self._source.acting(convert.values_of(msg)["state"] in ACTING)

    def _report(self) -> Report:
        return OK, f"{self._counts['observations']} observations judged", {**self._counts, **self._source.figures}


def main(args: Any = None) -> int:
    """Run the node; return its exit code."""
    return run(RewardNode, args)


if __name__ == "__main__":
    sys.exit(main())
