"""Setpoints in a driver's terms."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from robot_rl.config.robot import RobotConfig
from robot_rl.core.geometry import rotation_vector
from robot_rl.robot.command import REST_COMMANDS, DriverCommand, RestRule, Setpoint
from robot_rl.robot.twin import KinematicTwin


def in_order(robot: RobotConfig, names: tuple[str, ...]) -> DriverCommand:
    return DriverCommand(dataclasses.replace(robot, command=dataclasses.replace(robot.command, joint_names=names)))


def test_joints_come_in_the_drivers_order(robot: RobotConfig) -> None:
    driver = in_order(robot, robot.joints[::-1])
    point = Setpoint(np.arange(7.0), np.arange(7.0) / 10, np.arange(7.0))
    assert driver.positions(point).tolist() == list(range(7))[::-1]
    assert driver.velocities(point) == pytest.approx(np.arange(7.0)[::-1] / 10)


def test_velocities_bring_a_robot_that_lags_back_and_never_exceed_the_limit(robot: RobotConfig) -> None:
    driver, home = DriverCommand(robot), np.array(robot.home)
    dq = np.full(7, 0.1)
    assert driver.velocities(Setpoint(home, dq, home)) == pytest.approx(dq)
    assert (driver.velocities(Setpoint(home, dq, home - 0.05)) > dq).all()
    far = driver.velocities(Setpoint(home, dq, home - 90.0))
    assert far == pytest.approx(robot.limits.velocity)


def test_at_rest_velocities_are_zero_whatever_is_measured(robot: RobotConfig) -> None:
    driver, home = DriverCommand(robot), np.array(robot.home)
    point = Setpoint(home, np.zeros(7), home - 0.3)
    assert not driver.velocities(point).any() and not driver.twist(point).any()


def test_a_twist_is_the_motion_of_the_pose(robot: RobotConfig) -> None:
    driver, twin, home = DriverCommand(robot), KinematicTwin(robot), np.array(robot.home)
    dq, dt = np.random.default_rng(0).normal(0, 0.2, 7), 1e-5
    before, after = twin.tcp_pose(home), twin.tcp_pose(home + dq * dt)
    twist = driver.twist(Setpoint(home, dq, home))
    assert twist[:3] == pytest.approx((after.position - before.position) / dt, abs=1e-4)
    assert twist[3:] == pytest.approx(rotation_vector(before.quaternion, after.quaternion) / dt, abs=1e-4)
    assert driver.pose(Setpoint(home, dq, home)).position == pytest.approx(before.position)


@pytest.mark.parametrize("on_timeout", ["", "hold", "zero"])
def test_rest_is_said_for_ever(on_timeout: str) -> None:
    rule = RestRule(on_timeout)
    assert all(rule.due(still=True) for _ in range(10 * REST_COMMANDS))


def test_a_driver_with_its_own_timeout_is_told_to_rest_some_times_and_then_left_to_it() -> None:
    rule = RestRule("stop")
    assert [rule.due(still=True) for _ in range(REST_COMMANDS + 2)] == [True] * REST_COMMANDS + [False] * 2
    assert rule.due(still=False) and rule.due(still=True)
