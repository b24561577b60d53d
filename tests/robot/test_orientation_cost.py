"""How much of an orientation is held is the robot's to say."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from robot_rl.config.robot import RobotConfig
from robot_rl.core.geometry import Pose, rotated, rotation_vector
from robot_rl.robot.ik import DifferentialIK
from robot_rl.robot.twin import KinematicTwin

TILT, HEADING = np.array([0.2, 0.0, 0.0]), np.array([0.0, 0.0, 0.2])


@pytest.mark.parametrize(
    ("cost", "asked", "done"),
    [
        ((1.0, 1.0, 1.0), TILT, 1.0),
        ((1.0, 1.0, 1.0), HEADING, 1.0),
        ((1.0, 1.0, 0.0), TILT, 1.0),
        ((1.0, 1.0, 0.0), HEADING, 0.0),
        ((0.0, 0.0, 0.0), TILT, 0.0),
    ],
)
def test_the_tcp_turns_about_the_axes_that_cost_something(
    robot: RobotConfig, cost: tuple[float, float, float], asked: np.ndarray, done: float
) -> None:
    robot = dataclasses.replace(robot, action=dataclasses.replace(robot.action, orientation_cost=cost))
    twin = KinematicTwin(robot)
    ik, q = DifferentialIK(twin), np.array(robot.home)
    start = twin.tcp_pose(q)
    goal = Pose(start.position, rotated(start.quaternion, asked))
    for _ in range(30):
        q = q + ik.solve(q, goal, 0.02) * 0.02
    end = twin.tcp_pose(q)
    along = rotation_vector(start.quaternion, end.quaternion) @ asked / (asked @ asked)
    assert end.position == pytest.approx(start.position, abs=2e-3)
    assert along == pytest.approx(done, abs=0.05)
