"""The in-process environment: actions mean what they mean in the graph."""

from __future__ import annotations

import numpy as np
import pytest

from robot_rl.config.nodes import RigConfig
from robot_rl.config.robot import RobotConfig
from robot_rl.robot.in_process import InProcessEnv
from robot_rl.robot.spec import step_spec
from robot_rl.robot.tasks import load_task

TCP = slice(14, 17)


@pytest.fixture
def env(robot: RobotConfig) -> InProcessEnv:
    return InProcessEnv(robot, load_task("reach"), image_size=32, seed=0, episode_steps=5)


def test_observations_fit_the_step_record(robot: RobotConfig, env: InProcessEnv) -> None:
    spec = step_spec(RigConfig(image_size=32), robot)
    observation = env.reset()
    for camera in spec.observation.cameras:
        spec.observation.check_image(camera, observation.images[camera])
    assert spec.observation.check_proprio(observation.proprio).dtype == np.float32


def test_an_action_moves_the_tcp_by_its_translation(env: InProcessEnv) -> None:
    before = env.reset().proprio[TCP]
    transition = env.step(np.array([0.5, -1.0, -0.5, 1.0]))
    assert transition.observation.proprio[TCP] - before == pytest.approx([0.015, -0.03, -0.015], abs=2e-3)
    assert transition.action == pytest.approx([0.5, -1.0, -0.5, 1.0], abs=1e-2)


def test_executed_action_is_what_the_workspace_left_of_it(robot: RobotConfig) -> None:
    env = InProcessEnv(robot, load_task("reach"), cameras=(), seed=0)
    for _ in range(10):
        transition = env.step(np.array([0.0, 1.0, 0.0, 1.0]))
    assert transition.action[1] == pytest.approx(0.0, abs=1e-2)
    assert transition.observation.proprio[TCP][1] <= robot.workspace.upper[1] + 2e-3


def test_time_limit_truncates_and_does_not_terminate(env: InProcessEnv) -> None:
    env.reset()
    transitions = [env.step(np.array([0.0, 0.0, 1.0, 1.0])) for _ in range(5)]
    assert [t.truncated for t in transitions] == [False] * 4 + [True]
    assert not any(t.outcome.terminated for t in transitions)


def test_reset_starts_over_at_home(robot: RobotConfig, env: InProcessEnv) -> None:
    env.step(np.array([1.0, 1.0, -1.0, -1.0]))
    proprio = env.reset().proprio
    assert proprio[:7] == pytest.approx(robot.home, abs=1e-6)
    assert proprio[-1] == pytest.approx(0.04)
