"""Every kind of driver: its messages, and that the simulated arm behind it goes where it was commanded."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from robot_rl.config.robot import KINDS, VELOCITY_KINDS, RobotConfig
from robot_rl.core.errors import SchemaError
from robot_rl.core.geometry import rotation_angle
from robot_rl.nodes.command_in import INPUTS, SILENCE_S, Driver
from robot_rl.nodes.command_out import OUTPUTS, make_output
from robot_rl.robot.command import Setpoint
from robot_rl.robot.sim_arm import SimArm
from robot_rl.robot.spec import load_robot
from robot_rl.robot.tasks import load_task
from robot_rl.robot.twin import KinematicTwin

ROBOT = load_robot("ur5e")
HOME = np.array(ROBOT.home)
DT = 1.0 / ROBOT.command.rate_hz
STAMP = 12_000_000_034


def of_kind(kind: str, **changes: object) -> RobotConfig:
    command = dataclasses.replace(ROBOT.command, kind=kind, frame_id="base_link", **changes)  # type: ignore[arg-type]
    return dataclasses.replace(ROBOT, command=command)


def point(q: np.ndarray, dq: np.ndarray | None = None) -> Setpoint:
    return Setpoint(q, np.zeros(6) if dq is None else dq, q)


def test_every_kind_has_both_sides() -> None:
    assert set(OUTPUTS) == set(INPUTS) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reverse", [False, True])
def test_the_simulated_arm_goes_where_it_is_commanded_and_stays(kind: str, reverse: bool) -> None:
    robot = of_kind(kind, joint_names=ROBOT.joints[::-1] if reverse else ())
    output, driver, twin = make_output(robot), Driver(robot), KinematicTwin(robot)
    arm, q = SimArm(robot, load_task("reach")), HOME
    amplitude = np.array([0.3, 0.1, -0.15, 0.1, 0.05, 0.2])
    for tick in range(170):
        phase = np.pi * min(1.0, (tick + 1) * DT / 1.5)
        last, q = q, HOME + amplitude * (1 - np.cos(phase)) / 2
        measured = arm.joint_positions
        driver.receive(output.message(Setpoint(q, (q - last) / DT if tick < 150 else np.zeros(6), measured), STAMP))
        arm.command(driver.next(DT), 0.0)
        arm.advance(DT)
        error = arm.joint_positions - q
        assert np.abs(error).max() < 0.02
    wanted, reached = twin.tcp_pose(q), twin.tcp_pose(arm.joint_positions)
    assert np.linalg.norm(wanted.position - reached.position) < 6e-3
    assert rotation_angle(wanted.quaternion, reached.quaternion) < 0.02
    assert np.abs(arm.joint_velocities).max() < 0.01
    arm.close()


@pytest.mark.parametrize("kind", VELOCITY_KINDS)
def test_a_driver_of_velocities_brakes_and_holds_when_it_hears_nothing(kind: str) -> None:
    robot = of_kind(kind)
    driver = Driver(robot)
    driver.receive(make_output(robot).message(point(HOME, np.full(6, 0.2)), STAMP))
    way = np.array([driver.next(DT) for _ in range(60)])
    velocity = np.diff(way, axis=0) / DT
    speed, silent = np.abs(velocity).max(axis=1), round(SILENCE_S / DT)
    braking_s = (speed[silent - 2] / np.array(ROBOT.limits.acceleration)).max()
    assert speed[: silent - 2].min() > 0.1
    assert (np.abs(np.diff(velocity[silent - 2 :], axis=0)) <= np.array(ROBOT.limits.acceleration) * DT + 1e-9).all()
    assert not speed[silent + int(braking_s / DT) + 2 :].any()
    resting = point(way[-1], np.zeros(6))
    driver.receive(make_output(robot).message(resting, STAMP))
    assert driver.next(DT) == pytest.approx(way[-1], abs=1e-6), "it goes on from where it stands"


def test_a_trajectory_has_names_one_point_and_the_period_to_reach_it() -> None:
    msg = make_output(of_kind("joint_trajectory", rate_hz=50.0)).message(point(HOME, np.ones(6)), STAMP)
    assert tuple(msg.joint_names) == ROBOT.joints and msg.header.stamp.sec == 0
    (goal,) = msg.points
    assert list(goal.positions) == pytest.approx(HOME) and list(goal.velocities) == []
    assert (goal.time_from_start.sec, goal.time_from_start.nanosec) == (0, 20_000_000)


@pytest.mark.parametrize("kind", ["cartesian_pose", "cartesian_twist", "joint_state"])
def test_stamped_commands_carry_stamp_and_frame(kind: str) -> None:
    header = make_output(of_kind(kind)).message(point(HOME), STAMP).header
    assert (header.stamp.sec, header.stamp.nanosec, header.frame_id) == (12, 34, "base_link")


@pytest.mark.parametrize("kind", VELOCITY_KINDS)
def test_at_rest_velocities_are_zeros(kind: str) -> None:
    msg = make_output(of_kind(kind)).message(Setpoint(HOME, np.zeros(6), HOME - 0.01), STAMP)
    linear = msg.twist.linear if kind == "cartesian_twist" else None
    assert (linear.x, linear.y, linear.z) == (0, 0, 0) if linear else not any(msg.data)


@pytest.mark.parametrize(
    ("kind", "msg"),
    [
        ("joint_position", Float64MultiArray(data=[0.0] * 5)),
        ("joint_position", Float64MultiArray(data=[0.0] * 5 + [np.nan])),
        ("joint_velocity", Float64MultiArray(data=[np.inf] + [0.0] * 5)),
        ("joint_state", JointState(name=["a"], position=[0.0])),
        ("joint_trajectory", JointTrajectory(joint_names=list(ROBOT.joints))),
    ],
)
def test_the_simulated_driver_drops_what_is_no_command(kind: str, msg: object) -> None:
    driver = Driver(of_kind(kind))
    with pytest.raises(SchemaError, match="dropped"):
        driver.receive(msg)
    assert np.array_equal(driver.next(DT), HOME)


def test_the_simulated_driver_refuses_a_trajectory_that_ends_in_motion() -> None:
    last = JointTrajectoryPoint(positions=[0.0] * 6, velocities=[0.1] * 6)
    with pytest.raises(SchemaError, match="ends in motion"):
        Driver(of_kind("joint_trajectory")).receive(JointTrajectory(joint_names=list(ROBOT.joints), points=[last]))


@pytest.mark.parametrize("kind", ["cartesian_pose", "cartesian_twist"])
def test_the_simulated_driver_refuses_another_frame_and_what_is_not_finite(kind: str) -> None:
    robot = of_kind(kind)
    msg, driver = make_output(robot).message(point(HOME), STAMP), Driver(robot)
    msg.header.frame_id = "base"
    with pytest.raises(SchemaError, match="'base_link' is needed"):
        driver.receive(msg)
    msg.header.frame_id = "base_link"
    part = msg.pose.position if kind == "cartesian_pose" else msg.twist.linear
    part.x = float("nan")
    with pytest.raises(SchemaError):
        driver.receive(msg)
