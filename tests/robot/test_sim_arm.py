"""The simulated arm follows commands as a real one does, and is reproducible."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from robot_rl.config.robot import RobotConfig
from robot_rl.core.errors import SchemaError, UsageError
from robot_rl.core.geometry import Pose
from robot_rl.robot.ik import DifferentialIK
from robot_rl.robot.sim_arm import SimArm
from robot_rl.robot.tasks import load_task
from robot_rl.robot.twin import KinematicTwin

DOWN = np.array([0.0, 1.0, 0.0, 0.0])


@pytest.fixture
def arm(robot: RobotConfig) -> SimArm:
    return SimArm(robot, load_task("lift"), seed=0)


@pytest.mark.parametrize("rate_hz", [50.0, 100.0, 200.0])
def test_joints_follow_smooth_commands_within_milliradians(robot: RobotConfig, rate_hz: float) -> None:
    command = dataclasses.replace(robot.command, rate_hz=rate_hz)
    arm = SimArm(dataclasses.replace(robot, command=command), load_task("lift"))
    worst, dt = 0.0, 1.0 / rate_hz
    for time in np.arange(0.0, 2.0, dt):
        q = np.array(robot.home) + 0.3 * (1 - np.cos(np.pi * time)) / 2
        arm.command(q, 0.04)
        arm.advance(dt)
        worst = max(worst, np.abs(arm.joint_positions - q).max())
    assert worst < 3e-3


def test_holds_against_gravity_and_reports_the_torque_for_it(robot: RobotConfig, arm: SimArm) -> None:
    arm.advance(1.0)
    assert arm.joint_positions == pytest.approx(robot.home, abs=1e-4)
    assert arm.joint_velocities == pytest.approx(np.zeros(7), abs=1e-3)
    assert abs(arm.joint_efforts[1]) > 5.0
    assert (np.abs(arm.joint_efforts) <= [87, 87, 87, 87, 12, 12, 12]).all()


def test_a_jump_in_the_command_is_approached_at_the_speed_limit(robot: RobotConfig, arm: SimArm) -> None:
    goal = np.array(robot.home)
    goal[0] += 1.0
    arm.command(goal, 0.04)
    arm.advance(0.2)
    assert arm.joint_positions[0] == pytest.approx(0.2 * robot.limits.velocity[0], rel=0.1)
    arm.advance(0.4)
    assert arm.joint_positions[0] == pytest.approx(1.0, abs=5e-3)


def test_commands_beyond_the_joint_limits_stop_at_them(robot: RobotConfig, arm: SimArm) -> None:
    arm.command(np.array([9.0, *robot.home[1:]]), 0.04)
    arm.advance(3.0)
    assert arm.joint_positions[0] == pytest.approx(robot.limits.position_upper[0], abs=5e-3)


@pytest.mark.parametrize("q", [np.full(7, np.nan), np.zeros(6)])
def test_commands_that_are_no_command_are_refused(arm: SimArm, q: np.ndarray) -> None:
    with pytest.raises(SchemaError, match="refused"):
        arm.command(q, 0.04)


def test_gripper_closes_and_opens_at_its_speed(robot: RobotConfig, arm: SimArm) -> None:
    home = np.array(robot.home)
    arm.command(home, 0.0)
    arm.advance(0.1)
    assert 0.04 - robot.gripper.speed * 0.1 - 1e-3 < arm.opening < 0.04
    arm.advance(0.7)
    assert arm.opening == pytest.approx(0.0, abs=1e-3)
    arm.command(home, 0.04)
    arm.advance(0.8)
    assert arm.opening == pytest.approx(0.04, abs=1e-3)


def test_time_advances_by_what_was_asked_and_keeps_remainders(arm: SimArm) -> None:
    for _ in range(300):
        arm.advance(0.001)
    assert arm.time == pytest.approx(0.3)
    assert arm.data.time == pytest.approx(0.3, abs=arm.model.opt.timestep)


@pytest.mark.parametrize("yaw", [-0.5, 0.0, 0.5])
def test_a_cube_is_grasped_and_carried(robot: RobotConfig, arm: SimArm, yaw: float) -> None:
    twin = KinematicTwin(robot)
    ik = DifferentialIK(twin)
    arm.data.joint("cube").qpos[:] = [0.455, 0.005, 0.02, np.cos(yaw / 2), 0, 0, np.sin(yaw / 2)]
    q = np.array(robot.home)
    heights = [*np.linspace(0.25, 0.02, 100), *np.full(50, 0.02), *np.linspace(0.02, 0.2, 80), *np.full(100, 0.2)]
    for tick, height in enumerate(heights):
        q = q + ik.solve(q, Pose([0.45, 0.0, height], DOWN), 0.01) * 0.01
        arm.command(q, 0.04 if tick < 100 else 0.0)
        arm.advance(0.01)
    state = dict(zip(arm.task.state_names, arm.state(), strict=True))
    assert state["cube_grasped"] == 1.0
    assert state["cube_z"] == pytest.approx(0.2, abs=5e-3)


def rollout(robot: RobotConfig, seed: int) -> np.ndarray:
    arm = SimArm(robot, load_task("lift"), ("wrist",), 32, seed)
    rng = np.random.default_rng(0)
    seen = []
    for _ in range(3):
        arm.home()
        arm.randomize()
        for _ in range(5):
            arm.command(np.array(robot.home) + rng.normal(0, 0.05, 7), rng.uniform(0, 0.04))
            arm.advance(0.1)
            seen.append([*arm.state(), *arm.joint_positions, *arm.joint_velocities, arm.images()["wrist"].sum()])
    arm.close()
    return np.array(seen)


def test_same_seed_and_calls_give_the_same_sequence(robot: RobotConfig) -> None:
    first = rollout(robot, seed=3)
    assert np.array_equal(first, rollout(robot, seed=3))
    assert not np.array_equal(first, rollout(robot, seed=4))


def test_home_restores_the_arm_from_anywhere(robot: RobotConfig, arm: SimArm) -> None:
    arm.command(np.array(robot.home) + 0.3, 0.0)
    arm.advance(0.4)
    arm.home()
    arm.advance(0.2)
    assert arm.joint_positions == pytest.approx(robot.home, abs=1e-3)
    assert arm.opening == pytest.approx(0.04, abs=1e-4)


def test_a_gripper_joint_that_the_model_lacks_is_named(robot: RobotConfig) -> None:
    other = dataclasses.replace(robot, gripper=dataclasses.replace(robot.gripper, joint="finger"))
    with pytest.raises(UsageError, match="unknown joint 'finger'"):
        SimArm(other, load_task("reach"))
