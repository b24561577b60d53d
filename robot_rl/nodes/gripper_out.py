"""Commands to a gripper: a position on a topic, or a goal of a GripperCommand action."""

from __future__ import annotations

from typing import Protocol

from rclpy.node import Node
from std_msgs.msg import Float64MultiArray

from robot_rl.config.robot import GripperConfig
from robot_rl.core.errors import UsageError
from robot_rl.nodes import convert, qos

SAME = 0.02
"""Share of the gripper's stroke within which a new opening is no new goal: every goal interrupts the one before."""


class GripperOut(Protocol):
    """Where a gripper is commanded."""

    def send(self, opening: float, again: bool = False) -> None:
        """Command joint position `opening`; what was sent already is not repeated unless `again`."""


def make_gripper(node: Node, gripper: GripperConfig) -> GripperOut:
    """The gripper's output; UsageError where an action is asked for and control_msgs is not installed."""
    return GripperActionOut(node, gripper) if gripper.kind == "action" else GripperPositionOut(node, gripper)


class GripperPositionOut:
    """Float64MultiArray of one position."""

    def __init__(self, node: Node, gripper: GripperConfig) -> None:
        self._publisher = node.create_publisher(Float64MultiArray, gripper.topic, qos.COMMAND)
        self._sent: float | None = None

    def send(self, opening: float, again: bool = False) -> None:
        """Publish a changed position."""
        if opening != self._sent or again:
            self._publisher.publish(convert.floats_to_msg([opening]))
            self._sent = opening


class GripperActionOut:
    """control_msgs/GripperCommand; a goal that is refused or lost is not sent again until the opening changes."""

    def __init__(self, node: Node, gripper: GripperConfig) -> None:
        try:
            from control_msgs.action import GripperCommand
            from rclpy.action import ActionClient
        except ImportError:
            raise UsageError(
                f"gripper '{gripper.topic}' is of kind action, which needs control_msgs: install "
                "ros-$ROS_DISTRO-control-msgs, or command it by a topic (kind: position)."
            ) from None
        self._goal, self._effort = GripperCommand.Goal, gripper.effort
        self._client = ActionClient(node, GripperCommand, gripper.topic)
        self._same = SAME * abs(gripper.open - gripper.closed)
        self._sent: float | None = None

    def send(self, opening: float, again: bool = False) -> None:
        """Send a goal for a position that differs from the last one, once the server is there."""
        del again
        if self._sent is not None and abs(opening - self._sent) <= self._same or not self._client.server_is_ready():
            return
        goal = self._goal()
        goal.command.position, goal.command.max_effort = opening, self._effort
        self._client.send_goal_async(goal)
        self._sent = opening
