"""Reward, success and termination of each observation, from the simulator's truth."""

from __future__ import annotations

import sys
from typing import Any

from sensor_msgs.msg import JointState

from robot_rl.config.nodes import RewardNodeConfig
from robot_rl.nodes import convert, qos
from robot_rl.nodes.runner import GraphNode, run
from robot_rl.rewards.simulator import SimulatorReward
from robot_rl.robot.tasks import load_task

NAMES = ("reward", "success", "terminated")


class RewardNode(GraphNode):
    """Judges each `sim/state` and publishes the outcome with its stamp."""

    def __init__(self) -> None:
        super().__init__("reward")
        self.config = self.configure(RewardNodeConfig)
        self._task = load_task(self.config.task)
        self._reward = SimulatorReward(self._task)
        self._publisher = self.create_publisher(JointState, "reward", qos.STREAM)
        self.create_subscription(JointState, "sim/state", self._on_state, qos.STREAM)

    def _on_state(self, msg: JointState) -> None:
        outcome = self._reward.outcome(convert.vector_from_msg(msg, self._task.state_names))
        values = (outcome.reward, outcome.success, outcome.terminated)
        self._publisher.publish(convert.vector_to_msg(NAMES, values, convert.time_from_msg(msg.header.stamp)))


def main(args: Any = None) -> int:
    """Run the node; return its exit code."""
    return run(RewardNode, args)


if __name__ == "__main__":
    sys.exit(main())
