"""What the robot's tests share."""

from __future__ import annotations

import pytest

from robot_rl.config.robot import RobotConfig
from robot_rl.robot.spec import load_robot
from robot_rl.robot.twin import KinematicTwin


@pytest.fixture(scope="session")
def robot() -> RobotConfig:
    """The simulated FR3."""
    return load_robot("fr3_sim")


@pytest.fixture
def twin(robot: RobotConfig) -> KinematicTwin:
    """Its kinematic twin."""
    return KinematicTwin(robot)
