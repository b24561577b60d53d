"""Teleoperation devices that are topics: Joy, Twist and a leader arm's joint states, as drivers."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from geometry_msgs.msg import Twist, TwistStamped
from rclpy.node import Node
from sensor_msgs.msg import JointState, Joy

from robot_rl.config.devices import DeviceConfig
from robot_rl.nodes import qos
from robot_rl.teleop.device import DeviceLost

LOOK_S = 0.2
"""Time between two looks for the topic's publishers [s]."""
TWISTS = ("linear", "angular")


def joy_inputs(msg: Joy) -> dict[str, float]:
    """axes.0, axes.1, ... and buttons.0, buttons.1, ..."""
    axes = {f"axes.{index}": float(value) for index, value in enumerate(msg.axes)}
    return axes | {f"buttons.{index}": float(value) for index, value in enumerate(msg.buttons)}


def twist_inputs(msg: Twist | TwistStamped) -> dict[str, float]:
    """linear.x to angular.z [m/s, rad/s], in the axes of the robot's base."""
    twist = msg.twist if isinstance(msg, TwistStamped) else msg
    return {f"{part}.{axis}": float(getattr(getattr(twist, part), axis)) for part in TWISTS for axis in "xyz"}


def leader_inputs(msg: JointState) -> dict[str, float]:
    """Joint positions by name [rad]; none where one is not finite."""
    inputs = dict(zip(msg.name, map(float, msg.position), strict=False))
    return inputs if all(map(math.isfinite, inputs.values())) else {}


class TopicDriver:
    """Reads a device from a topic, which counts as gone without a publisher, and where it is silent while in use.

    Many publishers repeat nothing while their device is at rest: silence then says nothing.
    """

    def __init__(self, node: Node, config: DeviceConfig) -> None:
        kinds: dict[str, tuple[type, Callable[[Any], dict[str, float]]]] = {
            "joy": (Joy, joy_inputs),
            "twist": (TwistStamped if config.stamped else Twist, twist_inputs),
            "leader": (JointState, leader_inputs),
        }
        kind, self._inputs_of = kinds[config.driver]
        self._always = config.driver == "leader"
        self._node, self._topic, self._timeout_s = node, node.resolve_topic_name(config.topic), config.timeout_s
        self._inputs: dict[str, float] = {}
        self._heard_s, self._looked_s, self._silent = time.monotonic(), -math.inf, False
        node.create_subscription(kind, config.topic, self._take, qos.ANYONE)

    def open(self) -> str:
        """The topic's name."""
        self._look()
        if self._silent:
            raise self._fell_silent()
        if self._always and not self._inputs:
            raise DeviceLost(f"'{self._topic}' has said nothing usable yet: see its publisher")
        self._heard_s = time.monotonic()
        return self._topic

    def read(self) -> Mapping[str, float]:
        """The newest message."""
        now = time.monotonic()
        if now - self._looked_s > LOOK_S:
            self._look()
        in_use = self._always or any(self._inputs.values())
        if in_use and self._timeout_s and now - self._heard_s > self._timeout_s:
            self._silent = True
            raise self._fell_silent()
        return self._inputs

    def close(self) -> None:
        """Forget what was heard."""
        self._inputs = {}

    def _fell_silent(self) -> DeviceLost:
        return DeviceLost(f"'{self._topic}' fell silent for {self._timeout_s:g} s while in use: see its publisher")

    def _look(self) -> None:
        self._looked_s = time.monotonic()
        if not self._node.count_publishers(self._topic):
            raise DeviceLost(f"nobody publishes '{self._topic}': start the device's driver, or remap the topic")

    def _take(self, msg: Any) -> None:
        inputs = self._inputs_of(msg)
        if inputs:
            self._inputs, self._heard_s, self._silent = inputs, time.monotonic(), False
