"""Kinematic twin: forward kinematics of the robot's model, in its base frame."""

from __future__ import annotations

import mujoco
import numpy as np

from robot_rl.config.robot import RobotConfig
from robot_rl.core.geometry import Pose
from robot_rl.robot.model import twin_model


class KinematicTwin:
    """The robot's model with the robot's joints as its only degrees of freedom; not thread safe (owns an MjData)."""

    def __init__(self, robot: RobotConfig) -> None:
        self.robot = robot
        self.model = twin_model(robot)
        self.data = mujoco.MjData(self.model)
        self._site = self.model.site(robot.tcp_site).id

    def tcp_pose(self, q: np.ndarray) -> Pose:
        """Pose of the tcp in the base frame at joint positions `q` (J,) [rad]."""
        self.data.qpos[:] = q
        mujoco.mj_kinematics(self.model, self.data)
        quaternion = np.empty(4)
        mujoco.mju_mat2Quat(quaternion, self.data.site_xmat[self._site])
        return Pose(self.data.site_xpos[self._site], quaternion)

    def tcp_twist(self, q: np.ndarray, dq: np.ndarray) -> np.ndarray:
        """Velocity [m/s] and angular velocity [rad/s] (6,) of the tcp, in the base frame's axes, at `q` with `dq`."""
        self.data.qpos[:] = q
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_comPos(self.model, self.data)
        jacobian = np.empty((6, self.model.nv))
        mujoco.mj_jacSite(self.model, self.data, jacobian[:3], jacobian[3:], self._site)
        twist: np.ndarray = jacobian @ dq
        return twist
