"""Teleoperation: a device's action for every observation the policy node announces on `tick`."""

from __future__ import annotations

import sys
from typing import Any

from sensor_msgs.msg import JointState
from std_msgs.msg import Header

from robot_rl.config.devices import SCRIPTED
from robot_rl.config.nodes import TeleopNodeConfig
from robot_rl.core.record import Source
from robot_rl.nodes import convert, qos
from robot_rl.nodes.hand import HandTeleop
from robot_rl.nodes.runner import GraphNode, run
from robot_rl.robot.action_map import ActionMap
from robot_rl.robot.spec import load_robot
from robot_rl.robot.tasks import load_task
from robot_rl.teleop.scripted import ScriptedExpert
from robot_rl.teleop.supervisor import ScriptedSupervisor


class TeleopNode(GraphNode):
    """Answers ticks: a person's device by HandTeleop, the scripted expert from the simulator's state of that tick."""

    def __init__(self) -> None:
        super().__init__("teleop")
        self.config = self.configure(TeleopNodeConfig)
        robot = load_robot(self.config.robot)
        self._hand: HandTeleop | None = None
        if self.config.device != SCRIPTED:
            self._hand = HandTeleop(self, self.config, robot)
            return
        self._task = load_task(self.config.task)
        self._names = ActionMap(robot).spec.names
        supervising = self.config.role == "intervene"
        noise = self.config.supervisor.noise if supervising else self.config.noise
        self._expert = ScriptedExpert(
            self._task, robot, noise, self.config.seed, self.config.mistakes, rescuing=supervising
        )
        self._state: JointState | None = None
        self._publisher = self.create_publisher(JointState, "action/teleop", qos.COMMAND)
        self.create_subscription(JointState, "sim/state", self._on_state, qos.STREAM)
        self.create_subscription(Header, "tick", self._on_tick, qos.STREAM)
        self._awaited: int | None = None
        self._said: JointState | None = None
        self._device: ScriptedExpert | ScriptedSupervisor = self._expert
        self._source = Source.SCRIPTED
        if supervising:
            self._device = ScriptedSupervisor(self._expert, self.config.supervisor, self.config.seed)
            self._source = Source.INTERVENTION

    def _on_state(self, msg: JointState) -> None:
        self._state = msg
        self._answer()

    def _on_tick(self, msg: Header) -> None:
        if self._said is not None and self._said.header.stamp == msg.stamp:
            self._publisher.publish(self._said)  # announced again: the answer may have been lost
            return
        stamp = convert.time_from_msg(msg.stamp)
        if msg.frame_id == "first" and stamp != self._awaited:
            self._device.reset()
        self._awaited = stamp
        self._answer()

    def _answer(self) -> None:
        """Act once the tick's own state is here (lockstep) or on the newest state (real time); empty is hands off."""
        if self._awaited is None or self._state is None:
            return
        if self.config.lockstep and convert.time_from_msg(self._state.header.stamp) < self._awaited:
            return
        action = self._device.act(convert.vector_from_msg(self._state, self._task.state_names))
        stamp, self._awaited = self._awaited, None
        names, values = ((), ()) if action is None else (self._names, action)
        self._said = convert.vector_to_msg(names, values, stamp, self._source.name)
        self._publisher.publish(self._said)

    def close(self) -> None:
        """Let go of the device."""
        if self._hand is not None:
            self._hand.close()


def main(args: Any = None) -> int:
    """Run the node; return its exit code."""
    return run(TeleopNode, args)


if __name__ == "__main__":
    sys.exit(main())
