"""Command modes: what the motion entries of an action mean, chosen by `action.mode` of the robot."""

from __future__ import annotations

import numpy as np

from robot_rl.config.limits import WorkspaceConfig
from robot_rl.config.robot import RobotConfig
from robot_rl.robot.modes.base import Mode
from robot_rl.robot.modes.cartesian_delta import CartesianDelta
from robot_rl.robot.modes.cartesian_pose import CartesianPose
from robot_rl.robot.modes.joint_delta import JointDelta
from robot_rl.robot.modes.joint_position import JointPosition


def make_mode(robot: RobotConfig, level: np.ndarray, period: float, workspace: WorkspaceConfig | None = None) -> Mode:
    """The robot's mode for steps of `period` [s].

    `level` (4,) wxyz is the tcp's orientation at home, which actions without rotation keep; `workspace` replaces the
    robot's box where a task needs another.
    """
    action = robot.action
    if action.mode == "joint_delta":
        return JointDelta(robot.joints, action.joint, period)
    if action.mode == "joint_position":
        return JointPosition(robot.joints, robot.limits, action.joint, period)
    if action.mode == "cartesian_pose":
        return CartesianPose(action, level, period, workspace or robot.workspace)
    return CartesianDelta(action, level, period)
