"""The simulated robot and cameras, behind the topics of a real driver and real cameras."""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
from rclpy.clock import Clock, ClockType
from rosgraph_msgs.msg import Clock as ClockMsg
from sensor_msgs.msg import CameraInfo, Image, JointState
from std_msgs.msg import Float64MultiArray
from std_srvs.srv import Trigger

from robot_rl.calibration.camera_info import CameraIntrinsics, load_intrinsics
from robot_rl.config.nodes import SimNodeConfig
from robot_rl.core.errors import SchemaError
from robot_rl.nodes import convert, qos
from robot_rl.nodes.command_in import Driver
from robot_rl.nodes.command_out import OUTPUTS
from robot_rl.nodes.repeats import Repeats
from robot_rl.nodes.runner import GraphNode, run
from robot_rl.robot.sim_arm import SimArm
from robot_rl.robot.spec import load_robot
from robot_rl.robot.tasks import load_task

CAMERA_HZ = 30.0
"""Frame rate of the simulated cameras outside lockstep."""
STUCK = 2
"""Announcements without an answer after which the control rate's ticks are counted from here: a command that was on its
way when the task was put back leaves time standing between two of them, where nothing is seen."""
MAX_CATCH_UP = 10
"""Driver ticks made up for at once when the process was held up; more are given up."""


class SimNode(GraphNode):
    """Steps MuJoCo at the driver's rate: on a wall timer, or in lockstep once per command received."""

    def __init__(self) -> None:
        super().__init__("sim")
        self.config = self.configure(SimNodeConfig)
        self.robot = load_robot(self.config.robot)
        self.task = load_task(self.config.task)
        seed = (self.config.seed, self.config.stream)
        self.arm = SimArm(self.robot, self.task, self.config.cameras, self.config.image_size, seed)
        self._dt_ns = round(1e9 / self.robot.command.rate_hz)
        picture_hz = self.config.rate_hz if self.config.lockstep else CAMERA_HZ
        self._picture_every = max(1, round(self.robot.command.rate_hz / picture_hz))
        self._sim_time = self.config.lockstep or self.config.pace != 1.0
        self._time_ns, self._ticks, self._waits = convert.NS, 0, 0
        self._driver, self._opening, self._repeats = Driver(self.robot), self.robot.gripper.open, Repeats()
        self._connect()
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._last_wall = time.monotonic()
        if self.config.lockstep:
            self.create_timer(self.config.announce_s, self._announce, clock=steady)
        else:
            self._due, self._started = 0, time.monotonic()
            self.create_timer(self._dt_ns * 1e-9 / self.config.pace, self._tick_by_wall, clock=steady)

    def _connect(self) -> None:
        self._clock_out = self.create_publisher(ClockMsg, "/clock", qos.STREAM) if self._sim_time else None
        self._joints = self.create_publisher(JointState, self.robot.joint_states, qos.STREAM)
        self._state = self.create_publisher(JointState, "sim/state", qos.STREAM)
        cameras = self.config.cameras
        self._images = {c: self.create_publisher(Image, f"camera/{c}/image", qos.STREAM) for c in cameras}
        self._infos = {c: self.create_publisher(CameraInfo, f"camera/{c}/camera_info", qos.LATCHED) for c in cameras}
        self.create_subscription(Float64MultiArray, self.robot.gripper.topic, self._on_gripper, qos.COMMAND)
        command = self.robot.command
        self.create_subscription(OUTPUTS[command.kind].message_type, command.topic, self._on_command, qos.COMMAND)
        self.create_service(Trigger, "sim/randomize", self._on_randomize)
        for name in cameras:
            self._infos[name].publish(convert.camera_info_to_msg(self._intrinsics(name), self._time_ns))

    def _on_gripper(self, msg: Float64MultiArray) -> None:
        if len(msg.data) == 1 and np.isfinite(msg.data[0]):
            self._opening = float(msg.data[0])

    def _on_command(self, msg: Any) -> None:
        if self.config.lockstep and self._repeats.is_repeat(msg):
            return
        try:
            self._driver.receive(msg)
        except SchemaError as error:
            self.get_logger().warning(str(error), throttle_duration_sec=5.0)
            return
        if self.config.lockstep:
            self._advance()

    def _advance(self) -> None:
        self.arm.command(self._driver.next(self._dt_ns * 1e-9), self._opening)
        self.arm.advance(self._dt_ns * 1e-9)
        self._ticks, self._waits = self._ticks + 1, 0
        self._time_ns += self._dt_ns
        self._publish()

    def _tick_by_wall(self) -> None:
        elapsed = (time.monotonic() - self._started) * self.config.pace
        self._due, behind = int(elapsed * 1e9 / self._dt_ns), int(elapsed * 1e9 / self._dt_ns) - self._due
        for _ in range(min(behind, MAX_CATCH_UP)):
            self._advance()

    def _announce(self) -> None:
        if time.monotonic() - self._last_wall >= self.config.announce_s:
            self._repeats.announced()
            self._waits += 1
            if self._waits >= STUCK:
                self._ticks = 0
            self._publish()

    def _publish(self) -> None:
        """Joint states, and at ticks of the control rate what is seen: pictures between two would make a short step."""
        self._last_wall = time.monotonic()
        stamp_ns = self._time_ns if self._sim_time else self.now_ns()
        with_pictures = self._ticks % self._picture_every == 0
        # In lockstep nodes go by the stamps of what they answer, so the clock need not tick for each command.
        if self._clock_out is not None and (with_pictures or not self.config.lockstep):
            self._clock_out.publish(ClockMsg(clock=convert.time_to_msg(stamp_ns)))
        if with_pictures:
            for name, image in self.arm.images().items():
                self._images[name].publish(convert.image_to_msg(image, stamp_ns, f"{name}_optical_frame"))
            self._state.publish(convert.vector_to_msg(self.task.state_names, self.arm.state(), stamp_ns))
        self._joints.publish(self._joint_state(stamp_ns))

    def _joint_state(self, stamp_ns: int) -> JointState:
        arm = self.arm
        msg = JointState(name=[*self.robot.joints, self.robot.gripper.joint])
        msg.header.stamp = convert.time_to_msg(stamp_ns)
        msg.position = [*arm.joint_positions.tolist(), float(arm.opening)]
        msg.velocity = [*arm.joint_velocities.tolist(), 0.0]
        msg.effort = [*arm.joint_efforts.tolist(), 0.0]
        return msg

    def _intrinsics(self, name: str) -> CameraIntrinsics:
        size = self.config.image_size
        if self.config.calibration:
            days = self.config.calibration_max_days
            return load_intrinsics(self.config.calibration, name, size, size, max_days=days)
        return CameraIntrinsics.pinhole(name, size, float(np.radians(self.arm.model.camera(name).fovy[0])))

    def _on_randomize(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        del request
        self.arm.randomize()
        self._ticks = 0
        # A whole control period later, so that no picture from before can pass for one of the new situation.
        self._time_ns += round(convert.NS / self.config.rate_hz)
        self._publish()
        response.success, response.message = True, self.task.instruction
        return response


def main(args: Any = None) -> int:
    """Run the node; return its exit code."""
    return run(SimNode, args)


if __name__ == "__main__":
    sys.exit(main())
