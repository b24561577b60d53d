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
