"""A tick's command as the message that the robot's driver takes: one class a kind of driver."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from builtin_interfaces.msg import Duration
from geometry_msgs.msg import PoseStamped, TwistStamped
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from robot_rl.config.robot import RobotConfig
from robot_rl.nodes import convert
from robot_rl.robot.command import DriverCommand, Setpoint


class CommandOut(Protocol):
    """Turns setpoints into messages of `message_type`."""

    message_type: type

    def __init__(self, robot: RobotConfig) -> None: ...

    def message(self, point: Setpoint, stamp_ns: int) -> Any:
        """The message for `point`, stamped with the node clock `stamp_ns` where it has a stamp."""


def make_output(robot: RobotConfig) -> CommandOut:
    """The output of the robot's `command.kind`."""
    return OUTPUTS[robot.command.kind](robot)


class JointPositionOut:
    """Joint positions for a forward position controller; it holds the last for ever."""

    message_type = Float64MultiArray

    def __init__(self, robot: RobotConfig) -> None:
        self._driver = DriverCommand(robot)

    def message(self, point: Setpoint, stamp_ns: int) -> Float64MultiArray:
        """Positions in the driver's order."""
        del stamp_ns
        return convert.floats_to_msg(self._driver.positions(point))


class JointTrajectoryOut:
    """One point, due after one command period, for a joint trajectory controller; it holds the last for ever.

    No velocity goes with it: the controller refuses a trajectory that ends in motion.
    """

    message_type = JointTrajectory

    def __init__(self, robot: RobotConfig) -> None:
        self._driver = DriverCommand(robot)
        self._due = Duration(sec=0, nanosec=0)
        self._due.sec, self._due.nanosec = divmod(round(convert.NS / robot.command.rate_hz), convert.NS)

    def message(self, point: Setpoint, stamp_ns: int) -> JointTrajectory:
        """A trajectory that begins when it is received (stamp 0)."""
        del stamp_ns
        goal = JointTrajectoryPoint(positions=self._driver.positions(point).tolist(), time_from_start=self._due)
        return JointTrajectory(joint_names=list(self._driver.names), points=[goal])


class JointVelocityOut:
    """Joint velocities for a forward velocity controller; zeros stop it, silence does not."""

    message_type = Float64MultiArray

    def __init__(self, robot: RobotConfig) -> None:
        self._driver = DriverCommand(robot)

    def message(self, point: Setpoint, stamp_ns: int) -> Float64MultiArray:
        """Velocities in the driver's order."""
        del stamp_ns
        return convert.floats_to_msg(self._driver.velocities(point))


class JointStateOut:
    """Named joint positions and velocities, such as crisp_controllers' target_joint."""

    message_type = JointState

    def __init__(self, robot: RobotConfig) -> None:
        self._driver, self._frame = DriverCommand(robot), robot.command.frame_id

    def message(self, point: Setpoint, stamp_ns: int) -> JointState:
        """Names, positions and velocities in the driver's order."""
        msg = convert.vector_to_msg(self._driver.names, self._driver.positions(point), stamp_ns, self._frame)
        msg.velocity = self._driver.velocities(point).tolist()
        return msg


class CartesianPoseOut:
    """Pose of the tcp for a Cartesian controller; it holds the last for ever."""

    message_type = PoseStamped

    def __init__(self, robot: RobotConfig) -> None:
        self._driver, self._frame = DriverCommand(robot), robot.command.frame_id

    def message(self, point: Setpoint, stamp_ns: int) -> PoseStamped:
        """The commanded pose in the base link."""
        return convert.pose_to_msg(self._driver.pose(point), stamp_ns, self._frame)


class CartesianTwistOut:
    """Twist of the tcp, such as for MoveIt Servo; zeros stop it, and its own time-out."""

    message_type = TwistStamped

    def __init__(self, robot: RobotConfig) -> None:
        self._driver, self._frame = DriverCommand(robot), robot.command.frame_id

    def message(self, point: Setpoint, stamp_ns: int) -> TwistStamped:
        """The commanded twist in the base link's axes."""
        return convert.twist_to_msg(np.asarray(self._driver.twist(point)), stamp_ns, self._frame)


OUTPUTS: dict[str, type[CommandOut]] = {
    "joint_position": JointPositionOut,
    "joint_trajectory": JointTrajectoryOut,
    "joint_velocity": JointVelocityOut,
    "joint_state": JointStateOut,
    "cartesian_pose": CartesianPoseOut,
    "cartesian_twist": CartesianTwistOut,
}
