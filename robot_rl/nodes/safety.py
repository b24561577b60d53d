"""The only node that commands the robot: actions and resets in, limited joint commands out, in a process of its own."""

from __future__ import annotations

import dataclasses
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.clock import Clock, ClockType, ROSClock
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool
from std_srvs.srv import Trigger

from robot_rl.config.nodes import SafetyNodeConfig
from robot_rl.core.errors import SchemaError
from robot_rl.core.record import Source
from robot_rl.nodes import convert, qos
from robot_rl.nodes.command_out import make_output
from robot_rl.nodes.diagnostics import ERROR, OK, WARN, Diagnostics, Report
from robot_rl.nodes.gripper_out import make_gripper
from robot_rl.nodes.priority import raise_priority
from robot_rl.nodes.runner import GraphNode, run
from robot_rl.nodes.task_reset import TaskReset
from robot_rl.robot.action_map import ActionMap
from robot_rl.robot.command import RestRule, Setpoint
from robot_rl.robot.spec import load_robot
from robot_rl.robot.tasks import load_task
from robot_rl.safety.controller import Command, SafetyController
from robot_rl.safety.reasons import Mode, Reason
from robot_rl.safety.tick_times import TickTimes

HOLDS_ON_EXIT = 4
"""Commands sent at rest before the node ends."""
WATCH_S = 0.05
"""Period of what is watched by wall time: the e-stop's heartbeat, and a clock that stands still [s]."""
STALLED_S = 0.1
"""A node held up for longer than this starts from rest: meanwhile the driver has held the last position [s]."""
STOP_ON_EXIT_S = 0.7
"""Longest time that the node takes to bring the robot to rest before it ends [s]."""


class SafetyNode(GraphNode):
    """Feeds the SafetyController and sends what it decides: on a timer, or in lockstep once per joint state."""

    def __init__(self) -> None:
        super().__init__("safety")
        self.config = self.configure(SafetyNodeConfig)
        self.robot = load_robot(self.config.robot)
        self.controller = SafetyController(self.config, self.robot, load_task(self.config.task).workspace)
        self._names = ActionMap(self.robot).spec.names
        self._dt = 1.0 / self.robot.command.rate_hz
        self._unanswered, self._answered_ns = 0, -1
        self._last: Command | None = None
        self._measured = np.array(self.robot.home)
        self._run_id = int(np.random.SeedSequence().generate_state(1)[0])
        self._shown, self._resets, self._alarms = Mode.FAULT, 0, 0
        self._unsettled = self._paused = False
        self._times = TickTimes(keep=bool(self.config.timing_file))
        self._seen_ns, self._clock_moved = 0, time.monotonic()
        self._given, self._ticked_s, self._began = -math.inf, math.inf, math.inf
        self._connect()
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(WATCH_S, self._watch, clock=steady)
        if not self.config.lockstep:
            # A robot's commands go by the wall, whatever is done to the system's clock.
            self.create_timer(self._dt, self._tick, clock=None if self._is_simulated() else steady)
            Diagnostics(self, "output", self.robot.name, self._report_output)
            self.get_logger().info(f"{self.robot.command.rate_hz:g} commands a second at {raise_priority()}")
        Diagnostics(self, "limits", self.robot.name, self._report)
        self._show()

    def _connect(self) -> None:
        robot = self.robot
        self._output = make_output(robot)
        # In lockstep the driver waits for every command.
        self._rest = RestRule("" if self.config.lockstep else robot.command.on_timeout)
        self._command = self.create_publisher(self._output.message_type, robot.command.topic, qos.COMMAND)
        kind = self.config.gripper_kind or robot.gripper.kind
        self._gripper = make_gripper(self, dataclasses.replace(robot.gripper, kind=kind))
        self._executed = self.create_publisher(JointState, "action/executed", qos.EVENTS)
        self._status = self.create_publisher(DiagnosticStatus, "safety/status", qos.LATCHED)
        service, timeout_s = self.config.task_reset_service, self.config.task_reset_timeout_s
        self._task_reset = TaskReset(self, service, timeout_s, self._on_task_reset)
        self.create_subscription(JointState, robot.joint_states, self._on_joints, qos.STREAM)
        self.create_subscription(JointState, "action/policy", self._on_policy, qos.COMMAND)
        self.create_subscription(JointState, "action/teleop", self._on_teleop, qos.COMMAND)
        for profile in (qos.LATCHED, qos.ANYONE):  # set before this node came, or by whatever publisher
            self.create_subscription(Bool, "estop", self._on_estop, profile)
        for name in ("start", "stop", "estop", "clear_estop", "reset"):
            self.create_service(Trigger, f"safety/{name}", self._service(getattr(self.controller, name)))
        self.create_service(Trigger, "safety/pause", self._service(self._pause))

    def _service(self, decide: Callable[[], str]) -> Callable[[Trigger.Request, Trigger.Response], Trigger.Response]:
        def answer(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
            del request
            response.message = decide()
            response.success = not response.message
            self._after_decision()
            return response

        return answer

    def _pause(self) -> str:
        """Stop by a person's wish, and tell whoever asks for resets, also one that comes later; '' or why not."""
        refused = self.controller.stop()
        if not refused:
            self._paused = True
            self._show()
        return refused

    def _on_estop(self, msg: Bool) -> None:
        self.controller.on_estop(msg.data, time.monotonic_ns())
        self._after_decision()

    def _is_simulated(self) -> bool:
        clock = self.get_clock()
        return isinstance(clock, ROSClock) and clock.ros_time_is_active

    def _watch(self) -> None:
        self.controller.watch_estop(time.monotonic_ns())
        now_ns, wall = self.now_ns(), time.monotonic()
        if now_ns != self._seen_ns:
            self._seen_ns, self._clock_moved = now_ns, wall
        elif not self.config.lockstep and wall - self._clock_moved > self.config.max_state_age_s:
            self._began = wall
            self._give(self.controller.brake(Reason.CLOCK))
        self._after_decision()

    def _on_joints(self, msg: JointState) -> None:
        stamp_ns = convert.time_from_msg(msg.header.stamp)
        try:
            q = convert.vector_from_msg(msg, self.robot.joints)
        except SchemaError as error:
            self.get_logger().warning(str(error), throttle_duration_sec=5.0)
            q = np.zeros(0)
        efforts = convert.efforts_from_msg(msg, self.robot.joints)
        if not self.controller.on_state(stamp_ns, q, efforts):
            return
        self._measured = q
        if not self.config.lockstep:
            return
        if stamp_ns == self._answered_ns and self._last is not None:
            self._send(self._last, force_gripper=True)
            return
        self._unanswered = stamp_ns
        self._answer()

    def _on_policy(self, msg: JointState) -> None:
        self._on_action(Source.POLICY, msg)

    def _on_teleop(self, msg: JointState) -> None:
        """A person's action; one without any value says hands off."""
        if not msg.name and not msg.position:
            self.controller.on_hands_off(convert.time_from_msg(msg.header.stamp), self._clock_ns())
            self._answer()
            return
        named = Source.__members__.get(msg.header.frame_id)
        self._on_action(named if named is not None and named.is_prior else Source.HUMAN, msg)

    def _on_action(self, source: Source, msg: JointState) -> None:
        try:
            action = convert.vector_from_msg(msg, self._names)
        except SchemaError:
            action = np.zeros(0)
        refused = self.controller.on_action(source, convert.time_from_msg(msg.header.stamp), action, self._clock_ns())
        if refused is not None and refused is not Reason.PERSON_ACTS:
            self.get_logger().warning(f"action of {source.name}: {refused.value}", throttle_duration_sec=5.0)
        self._answer()

    def _clock_ns(self) -> int:
        """The node clock; in lockstep the newest joint state's stamp, which time waits for."""
        return max(self.now_ns(), self._unanswered, self._answered_ns) if self.config.lockstep else self.now_ns()

    def _answer(self) -> None:
        """In lockstep: answer the newest joint state once there is something to do; until then time stands still."""
        if self.config.lockstep and self._unanswered and self.controller.motion_due:
            self._answered_ns, self._unanswered = self._unanswered, 0
            self._tick(self._answered_ns)

    def _tick(self, now_ns: int | None = None) -> None:
        self._began = time.monotonic()
        if not self.config.lockstep:
            now_s = self.now_ns() * 1e-9 if self._is_simulated() else self._began
            if now_s - self._ticked_s > STALLED_S:
                self._rest_at_last()
            self._ticked_s = now_s
        self._give(self.controller.tick(self.now_ns() if now_ns is None else now_ns))
        self._after_decision()

    def _give(self, command: Command | None) -> None:
        """Send a command, and tell what became of actions."""
        for done in self.controller.executed:
            names, values = (*self._names, "latency"), (*done.action, done.latency)
            self._executed.publish(convert.vector_to_msg(names, values, done.stamp_ns, done.source.name))
        self.controller.executed.clear()
        if command is not None:
            self._send(command)
            self._times.add(time.monotonic_ns())

    def _send(self, command: Command, force_gripper: bool = False) -> None:
        """Send a command, or the last one as a hold where the process was held up since it began to decide."""
        self._gripper.send(command.opening, force_gripper)
        self._given = time.monotonic()
        if not self.config.lockstep and self._given - self._began > STALLED_S:
            command = self._rest_at_last() or command
        self._last = command
        point = Setpoint(command.q, command.dq, self._measured)
        if self._rest.due(point.still):
            self._command.publish(self._output.message(point, self._clock_ns()))

    def _rest_at_last(self) -> Command | None:
        """Go on from rest at the last command sent, and return it as a hold; None where none was sent."""
        last = self._last
        if last is None:
            return None
        self.controller.rest(last.q)
        return dataclasses.replace(last, dq=np.zeros_like(last.dq))

    def _after_decision(self) -> None:
        self._task_reset.attend(self.controller.at_home)
        if self.controller.mode is not self._shown:
            self._show()
        self._answer()

    def _on_task_reset(self, fault: Reason | None) -> None:
        self.controller.task_was_reset(fault)
        self._after_decision()

    def _show(self) -> None:
        mode = self._shown = self.controller.mode
        why = self.controller.why or mode
        alarm = mode.is_alarm
        self._resets += mode is Mode.READY
        self._alarms += alarm
        self._unsettled = alarm or (self._unsettled and mode is Mode.IDLE)
        self._paused = self._paused and mode is Mode.IDLE
        level = ERROR if alarm else OK
        values: dict[str, object] = {"mode": mode.name, "run_id": self._run_id, "resets": self._resets}
        values |= {"alarms": self._alarms, "unsettled": self._unsettled, "paused": self._paused}
        values["stamp_ns"] = self._answered_ns if self.config.lockstep else self.now_ns()
        self._status.publish(convert.status_to_msg("safety", level, why.value, values))

    def _report(self) -> Report:
        counts = {reason.name: count for reason, count in self.controller.counts.items()}
        mode = self.controller.mode
        level = ERROR if mode.is_alarm else WARN if counts else OK
        why = self.controller.why or mode
        return level, why.value, {"mode": mode.name, **counts}

    def _report_output(self) -> Report:
        return OK, f"{self.robot.command.rate_hz:g} commands a second are due", self._times.figures()

    def close(self) -> None:
        """Bring the robot to rest and leave it with an explicit hold, said more than once lest it be lost."""
        deadline, holds = time.monotonic() + STOP_ON_EXIT_S, 0
        while holds < HOLDS_ON_EXIT and time.monotonic() < deadline:
            # A tick's motion sent less than a tick after the last one would be faster than it says.
            time.sleep(max(0.0, self._given + self._dt - time.monotonic()))
            command = self._stopping()
            if command is None:
                break
            self._give(command)
            holds += not command.dq.any()
        if self.config.timing_file:
            self._times.save(Path(self.config.timing_file), time.time_ns() - time.monotonic_ns())

    def _stopping(self) -> Command | None:
        """The next command on the way to rest; where deciding is what failed, the last position as a hold."""
        self._began = time.monotonic()
        try:
            return self.controller.brake()
        except Exception as error:  # noqa: BLE001 - whatever broke, the robot must be told to stay
            self.get_logger().error(f"cannot brake ({error!r}): the last position is sent as a hold")
            last = self._last
            return None if last is None else dataclasses.replace(last, dq=np.zeros_like(last.dq))


def main(args: Any = None) -> int:
    """Run the node; return its exit code."""
    return run(SafetyNode, args)


if __name__ == "__main__":
    sys.exit(main())
