"""A person at a device: actions while they act, and their buttons as services."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from rclpy.clock import Clock, ClockType
from sensor_msgs.msg import JointState
from std_msgs.msg import Header
from std_srvs.srv import Trigger

from robot_rl.config.devices import load_device
from robot_rl.config.nodes import TeleopNodeConfig
from robot_rl.config.robot import RobotConfig
from robot_rl.core.errors import UsageError
from robot_rl.core.record import Source
from robot_rl.nodes import convert, qos
from robot_rl.nodes.diagnostics import ERROR, OK, WARN, Diagnostics, Report
from robot_rl.nodes.runner import GraphNode
from robot_rl.nodes.topic_devices import TopicDriver
from robot_rl.robot.tasks import load_task
from robot_rl.teleop.connection import Connection, make_driver, make_meaning
from robot_rl.teleop.device import Command
from robot_rl.teleop.hand import Hand

POLL_S = 0.005
"""Period in which the device is read [s]: what a touch waits at most before it is seen."""
SERVICES = {
    "start": ("episode/start", "episode/resume"),
    "success": ("episode/success",),
    "failure": ("episode/failure",),
    "discard": ("episode/discard",),
    "pause": ("episode/pause",),
    "stop": ("safety/pause",),
}
"""What each button asks for: the first of these services that is there."""
SETTLE = 2
"""Observations after letting go until control is given back: before, the arm is told to rest."""
FRESH = 2.0
"""Periods for which a touch answers the last observation; then no episode runs."""


class HandTeleop:
    """Publishes on `node` what a person does at a device.

    Demonstrating, it answers every tick, with an action that keeps the arm still where nobody acts. Intervening, it is
    silent while nobody acts, once it has said so: an answer without entries, to the second observation after letting
    go, gives control back. A touch, and letting go, are answered at once, as the last observation's action. A device
    that is lost while the person acts holds the arm until it is touched again or another episode begins.
    """

    def __init__(self, node: GraphNode, config: TeleopNodeConfig, robot: RobotConfig) -> None:
        if config.lockstep:
            raise UsageError(f"device '{config.device}' acts in real time: give pace:=1, or device:=scripted.")
        device = load_device(config.device)
        self._node, self._config = node, config
        self._demonstrates = config.role == "demonstrate"
        self._source = Source.HUMAN if self._demonstrates else Source.INTERVENTION
        self._hand = Hand(robot, load_task(config.task).workspace, 1.0 / config.rate_hz)
        if device.axes and not any(self._hand.entries.index(axis.moves) is not None for axis in device.axes):
            moved, names = (" ".join(words) for words in ({a.moves for a in device.axes}, self._hand.names))
            raise UsageError(
                f"device '{config.device}' moves {moved}, robot '{robot.name}' {names}: map an axis to one."
            )
        topical = device.driver in ("joy", "twist", "leader")
        driver = TopicDriver(node, device) if topical else make_driver(device)
        self._device = Connection(driver, make_meaning(device, robot.joints))
        self._buttons = device.buttons
        self._command, self._acted, self._holds, self._settle = Command(), False, False, 0
        self._stamp_ns, self._joints, self._said = 0, robot.joints, ""
        self._connect(robot)

    def _connect(self, robot: RobotConfig) -> None:
        node = self._node
        self._publisher = node.create_publisher(JointState, "action/teleop", qos.COMMAND)
        self._clients = {name: node.create_client(Trigger, name) for names in SERVICES.values() for name in names}
        node.create_subscription(Header, "tick", self._on_tick, qos.STREAM)
        node.create_subscription(JointState, "action/executed", self._on_executed, qos.EVENTS)
        if self._hand.places:
            node.create_subscription(JointState, robot.joint_states, self._on_joints, qos.STREAM)
        node.create_timer(POLL_S, self._poll, clock=Clock(clock_type=ClockType.STEADY_TIME))
        Diagnostics(node, "device", self._config.device, self._report)

    def close(self) -> None:
        """Let go of the device."""
        self._device.close()

    def _on_joints(self, msg: JointState) -> None:
        self._hand.at(convert.vector_from_msg(msg, self._joints))

    def _on_executed(self, msg: JointState) -> None:
        """Know where the gripper is, so that taking over does not move it."""
        if not self._acted and not Source[msg.header.frame_id].is_prior:
            self._hand.executed(convert.vector_from_msg(msg, self._hand.names))
            self._device.gripper_is(self._hand.opening)

    def _on_tick(self, msg: Header) -> None:
        self._stamp_ns = convert.time_from_msg(msg.stamp)
        if msg.frame_id == "first":
            self._hand.begin()
            self._device.gripper_is(self._hand.opening)
            self._holds = False
        settle, self._settle = self._settle, max(self._settle - 1, 0)
        if self._acted or self._holds or self._demonstrates or settle > 1:
            self._answer()
        elif settle:
            self._publisher.publish(convert.vector_to_msg((), (), self._stamp_ns, self._source.name))

    def _poll(self) -> None:
        command = self._device.poll(time.monotonic())
        self._tell(command.lost)
        for event in command.events:
            self._ask(event)
        if command.acts and command.gripper is not None:
            self._hand.grip(command.gripper)
        touched, left = command.acts and not self._acted, self._acted and not command.acts
        self._command, self._acted = command, command.acts
        if touched or left:
            self._holds, self._settle = left and bool(command.lost), SETTLE if left else 0
            self._hand.take_over()
            age_s = (self._node.now_ns() - self._stamp_ns) * 1e-9
            if age_s < FRESH / self._config.rate_hz:
                self._answer()

    def _answer(self) -> None:
        """Say what the person does as the answer to the last observation."""
        if not self._hand.ready:
            return
        action = self._hand.action(self._command if self._acted else Command())
        self._publish(action)

    def _publish(self, action: np.ndarray) -> None:
        self._publisher.publish(convert.vector_to_msg(self._hand.names, action, self._stamp_ns, self._source.name))

    def _ask(self, event: str) -> None:
        """Call the service of a button; nobody waits for the answer, a refusal is logged."""
        logger = self._node.get_logger()
        served = [name for name in SERVICES[event] if self._clients[name].service_is_ready()]
        if not served:
            logger.warning(f"{event}: no '{SERVICES[event][0]}' is served now")
            return

        def answered(future: Any) -> None:
            result = future.result()
            if result is not None and not result.success:
                logger.warning(f"{event}: not done: {result.message}")

        self._clients[served[0]].call_async(Trigger.Request()).add_done_callback(answered)

    def _tell(self, lost: str) -> None:
        if lost == self._said:
            return
        logger, self._said = self._node.get_logger(), lost
        if lost and self._acted:
            logger.error(f"{lost}; the arm holds until the device is touched again or the episode ends")
        elif lost:
            logger.warning(lost)
        else:
            logger.info(f"{self._device.name} is there")

    def _report(self) -> Report:
        values: dict[str, object] = {"device": self._config.device, "name": self._device.name}
        values |= {"acts": self._acted, "holds": self._holds, "losses": self._device.losses}
        values |= {f"key {button.does}": button.input for button in self._buttons}
        if self._said:
            return ERROR if self._holds else WARN, self._said, values
        return OK, "a person acts" if self._acted else f"{self._device.name} is there", values
