"""How a simulated driver understands each kind of command: the other side of `command_out`."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from robot_rl.config.robot import RobotConfig
from robot_rl.core.errors import RobotRLError, SchemaError
from robot_rl.core.geometry import Pose, rotated
from robot_rl.nodes import convert
from robot_rl.robot.ik import DifferentialIK
from robot_rl.robot.twin import KinematicTwin

SILENCE_S = 0.2
"""Time without a command after which the simulated driver brakes by itself [s]."""


class CommandIn(Protocol):
    """Takes messages of a kind and gives joint positions (J,) [rad] tick by tick."""

    def __init__(self, robot: RobotConfig) -> None: ...

    def receive(self, msg: Any) -> None:
        """Take a command; SchemaError where it is not usable."""

    def next(self, dt: float) -> np.ndarray:
        """Joint positions after the next tick of `dt` [s]."""

    def resume(self, q: np.ndarray) -> None:
        """Go on from joint positions `q` (J,), at rest."""


class Driver:
    """A driver of the robot's `command.kind`, at home, with a time-out: without commands it brakes, then holds."""

    def __init__(self, robot: RobotConfig) -> None:
        self._input = INPUTS[robot.command.kind](robot)
        self._acceleration = np.array(robot.limits.acceleration)
        self._q, self._dq, self._silence = np.array(robot.home), np.zeros(len(robot.joints)), 0.0

    def receive(self, msg: Any) -> None:
        """Take a command; SchemaError where it is not usable."""
        self._input.receive(msg)
        self._silence = 0.0

    def next(self, dt: float) -> np.ndarray:
        """Joint positions (J,) [rad] after the next tick of `dt` [s]."""
        self._silence += dt
        if self._silence > SILENCE_S:
            self._dq = self._dq - np.clip(self._dq, -self._acceleration * dt, self._acceleration * dt)
            self._q = self._q + self._dq * dt
            self._input.resume(self._q)
        else:
            q = self._input.next(dt)
            self._q, self._dq = q, (q - self._q) / dt
        return self._q


class _Joints:
    """Joint values of messages, in the robot's order."""

    def __init__(self, robot: RobotConfig) -> None:
        self._joints, self._names = robot.joints, robot.command.joint_names or robot.joints
        self._q = np.array(robot.home)

    def _ordered(self, values: Any, names: Any = None) -> np.ndarray:
        names, values = list(self._names if names is None else names), list(values)
        if len(values) != len(names) or sorted(names) != sorted(self._joints) or not np.isfinite(values).all():
            raise SchemaError(f"dropped a command of {len(values)} entries: {len(self._joints)} finite ones are needed")
        return np.array([values[names.index(joint)] for joint in self._joints], np.float64)

    def next(self, dt: float) -> np.ndarray:
        """The last target."""
        del dt
        return self._q

    def resume(self, q: np.ndarray) -> None:
        """Take `q` (J,) as the last target."""
        self._q = q


class JointPositionIn(_Joints):
    """As a forward position controller."""

    def receive(self, msg: Any) -> None:
        """Take Float64MultiArray."""
        self._q = self._ordered(msg.data)


class JointTrajectoryIn(_Joints):
    """As a joint trajectory controller that is told one point at a time."""

    def receive(self, msg: Any) -> None:
        """Take the last point of a JointTrajectory; one that ends in motion is refused."""
        if not msg.points or np.any(msg.points[-1].velocities):
            raise SchemaError("dropped a trajectory that has no points or ends in motion: give positions alone")
        self._q = self._ordered(msg.points[-1].positions, msg.joint_names)


class JointStateIn(_Joints):
    """As a controller of named joint targets."""

    def receive(self, msg: Any) -> None:
        """Take JointState."""
        self._q = self._ordered(msg.position, msg.name)


class JointVelocityIn(_Joints):
    """As a forward velocity controller."""

    def __init__(self, robot: RobotConfig) -> None:
        super().__init__(robot)
        self._dq = np.zeros(len(robot.joints))

    def receive(self, msg: Any) -> None:
        """Take Float64MultiArray of velocities."""
        self._dq = self._ordered(msg.data)

    def next(self, dt: float) -> np.ndarray:
        """The target moved on by the last velocity."""
        self._q = self._q + self._dq * dt
        return self._q

    def resume(self, q: np.ndarray) -> None:
        """Stand at `q` (J,)."""
        self._q, self._dq = q, np.zeros_like(q)


class CartesianPoseIn:
    """As a Cartesian controller: inverse kinematics from where it is."""

    def __init__(self, robot: RobotConfig) -> None:
        self._twin = KinematicTwin(robot)
        self._ik, self._q = DifferentialIK(self._twin), np.array(robot.home)
        self._goal, self._frame = self._twin.tcp_pose(self._q), robot.command.frame_id

    def receive(self, msg: Any) -> None:
        """Take PoseStamped in the base link."""
        self._check(msg)
        self._goal = convert.pose_from_msg(msg)

    def next(self, dt: float) -> np.ndarray:
        """The target one tick nearer to the pose; it stays where there is no way."""
        try:
            self._q = self._q + self._ik.solve(self._q, self._goal, dt) * dt
        except RobotRLError:
            return self._q
        return self._q

    def resume(self, q: np.ndarray) -> None:
        """Stay at joint positions `q` (J,)."""
        self._q, self._goal = q, self._twin.tcp_pose(q)

    def _check(self, msg: Any) -> None:
        if msg.header.frame_id != self._frame:
            raise SchemaError(f"dropped a command in frame '{msg.header.frame_id}': '{self._frame}' is needed")


class CartesianTwistIn(CartesianPoseIn):
    """As MoveIt Servo."""

    def __init__(self, robot: RobotConfig) -> None:
        super().__init__(robot)
        self._twist = np.zeros(6)

    def receive(self, msg: Any) -> None:
        """Take TwistStamped in the base link."""
        self._check(msg)
        self._twist = convert.twist_from_msg(msg)

    def next(self, dt: float) -> np.ndarray:
        """The target moved on by the last twist."""
        if not self._twist.any():
            return self._q
        now, step = self._twin.tcp_pose(self._q), self._twist * dt
        self._goal = Pose(now.position + step[:3], rotated(now.quaternion, step[3:]))
        return super().next(dt)

    def resume(self, q: np.ndarray) -> None:
        """Stay at joint positions `q` (J,)."""
        super().resume(q)
        self._twist = np.zeros(6)


INPUTS: dict[str, type[CommandIn]] = {
    "joint_position": JointPositionIn,
    "joint_trajectory": JointTrajectoryIn,
    "joint_velocity": JointVelocityIn,
    "joint_state": JointStateIn,
    "cartesian_pose": CartesianPoseIn,
    "cartesian_twist": CartesianTwistIn,
}
