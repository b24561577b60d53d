"""What the safety tests share."""

from __future__ import annotations

import pytest

from robot_rl.config.robot import RobotConfig
from robot_rl.robot.spec import load_robot


@pytest.fixture(scope="session")
def robot() -> RobotConfig:
    """The simulated FR3."""
    return load_robot("fr3_sim")
