"""Forward kinematics of the twin."""

from __future__ import annotations

import numpy as np
import pytest

from robot_rl.config.robot import RobotConfig
from robot_rl.core.geometry import rotation_angle
from robot_rl.robot.twin import KinematicTwin

DOWN = np.array([0.0, 1.0, 0.0, 0.0])


def test_home_is_over_the_workspace_and_points_down(robot: RobotConfig, twin: KinematicTwin) -> None:
    pose = twin.tcp_pose(np.array(robot.home))
    assert pose.position == pytest.approx([0.45, 0.0, 0.25], abs=1e-4)
    assert rotation_angle(pose.quaternion, DOWN) < 1e-4


def test_a_pose_does_not_change_when_the_twin_moves_on(robot: RobotConfig, twin: KinematicTwin) -> None:
    first = twin.tcp_pose(np.array(robot.home))
    before = first.position.copy()
    twin.tcp_pose(np.array(robot.home) + 0.1)
    assert np.array_equal(first.position, before)


def test_turning_the_base_turns_the_tcp_about_the_base(robot: RobotConfig, twin: KinematicTwin) -> None:
    q = np.array(robot.home)
    radius = np.hypot(*twin.tcp_pose(q).position[:2])
    q[0] += 0.5
    assert twin.tcp_pose(q).position == pytest.approx([radius * np.cos(0.5), radius * np.sin(0.5), 0.25], abs=1e-4)
