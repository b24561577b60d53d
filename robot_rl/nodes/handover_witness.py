"""A person at a joystick for `robot-rl bench teleop`, who sees every command and what became of every action."""

from __future__ import annotations

import time

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus
from sensor_msgs.msg import JointState, Joy

from robot_rl.bench.handover import Commands
from robot_rl.core.record import Source
from robot_rl.nodes import convert, qos
from robot_rl.nodes.witness import Witness

REPEAT_S = 0.05
"""Period in which the joystick's state is said again, as joy_node does by default [s]."""


class HandoverWitness(Witness):
    """Holds a joystick; `breaks` counts what safety has announced, each of which may end an episode."""

    def __init__(self, domain: int, joints: tuple[str, ...], command_topic: str) -> None:
        """`command_topic` carries JointState."""
        super().__init__(domain, "handover_witness")
        self.breaks = 0
        self._joints = joints
        self._commands: list[tuple[int, np.ndarray]] = []
        self._accepted: list[tuple[Source, int]] = []
        self._joy, self._state = self._node.create_publisher(Joy, "joy", qos.STREAM), Joy()
        self._listen(JointState, command_topic, self._on_command, qos.EVENTS)
        self._listen(JointState, "action/executed", self._on_executed, qos.EVENTS)
        self._node.create_timer(REPEAT_S, lambda: self._joy.publish(self._state))
        self._begin()

    def hold(self, axes: list[float], buttons: list[int]) -> int:
        """Hold the joystick so, from now on; the time at which that is said."""
        self._state = Joy(axes=axes, buttons=buttons)
        now = time.time_ns()
        self._joy.publish(self._state)
        return now

    def commands(self) -> Commands:
        """All commands so far."""
        with self._lock:
            stamps, q = zip(*self._commands, strict=True)
        return Commands(np.array(stamps, np.int64), np.array(q))

    def accepted(self, source: Source) -> np.ndarray:
        """Times (N,) at which safety accepted the actions of `source` that moved the robot."""
        with self._lock:
            return np.array([at for whose, at in self._accepted if whose is source], np.int64)

    def _on_command(self, msg: JointState) -> None:
        q = convert.vector_from_msg(msg, self._joints)
        with self._lock:
            self._commands.append((convert.time_from_msg(msg.header.stamp), q))

    def _on_executed(self, msg: JointState) -> None:
        latency_ns = round(convert.mapping_from_msg(msg)["latency"] * 1e9)
        accepted = Source[msg.header.frame_id], convert.time_from_msg(msg.header.stamp) + latency_ns
        with self._lock:
            self._accepted.append(accepted)

    def _on_status(self, msg: DiagnosticStatus) -> None:
        super()._on_status(msg)
        self.breaks += 1
