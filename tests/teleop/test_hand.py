"""A person's commands as actions of every mode: neutral keeps still, a full one is a step, a leader is followed."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from robot_rl.config.devices import DeviceConfig, LeaderConfig, load_device
from robot_rl.config.robot import RobotConfig
from robot_rl.core.errors import UsageError
from robot_rl.robot.modes import make_mode
from robot_rl.robot.modes.cartesian_pose import CartesianPose
from robot_rl.robot.spec import load_robot
from robot_rl.robot.twin import KinematicTwin
from robot_rl.teleop.device import Command
from robot_rl.teleop.hand import Hand
from robot_rl.teleop.leader import LeaderMap
from robot_rl.teleop.legend import legend

FR3 = load_robot("fr3_sim")
HOME = np.array(FR3.home)


def robot(mode: str, **changes: object) -> RobotConfig:
    return dataclasses.replace(FR3, action=dataclasses.replace(FR3.action, mode=mode, **changes))  # type: ignore[arg-type]


def hand(mode: str, **changes: object) -> Hand:
    made = Hand(robot(mode, **changes), None, 0.1)
    made.at(HOME)
    return made


def test_displacements_are_shares_of_a_full_action_and_what_the_robot_lacks_is_left_out() -> None:
    action = hand("cartesian_delta").action(Command(True, {"dx": 0.4, "dz": -1.0, "rz": 1.0}))
    assert action == pytest.approx([0.4, 0.0, -1.0, 1.0]) and action.dtype == np.float32
    turning = hand("cartesian_delta", rotation=0.1).action(Command(True, {"rz": -0.5}))
    assert turning == pytest.approx([0, 0, 0, 0, 0, -0.5, 1.0])
    assert hand("joint_delta").action(Command(True, {"j2": 1.0, "d_fr3_joint7": -0.2})) == pytest.approx(
        [0, 1.0, 0, 0, 0, 0, -0.2, 1.0]
    )


@pytest.mark.parametrize("mode", ["cartesian_pose", "joint_position"])
def test_where_actions_are_places_the_neutral_one_is_where_the_arm_is(mode: str) -> None:
    made = Hand(robot(mode), None, 0.1)
    assert made.places and not made.ready, "it must hear where the arm is"
    made.at(HOME)
    assert made.ready
    still = made.action(Command())
    made.at(HOME + 0.001)
    assert made.action(Command()) == pytest.approx(still), "it does not creep after what gravity does"
    name, entry = ("dz", 2) if mode == "cartesian_pose" else ("j3", 2)
    moved = made.action(Command(True, {name: 1.0})) - still
    span = FR3.workspace.upper[2] - FR3.workspace.lower[2]
    limits = FR3.limits
    joints = limits.position_upper[2] - limits.position_lower[2] - 2 * limits.position_margin
    step = 2 * (FR3.action.translation / span if entry == 2 and mode == "cartesian_pose" else FR3.action.joint / joints)
    assert moved[entry] == pytest.approx(step, rel=1e-4) and not np.delete(moved, entry).any()


@pytest.mark.parametrize("mode", ["cartesian_pose", "joint_position"])
def test_a_place_is_never_far_ahead_of_an_arm_that_is_held_back(mode: str) -> None:
    made = hand(mode)
    still = made.action(Command())
    name = "dz" if mode == "cartesian_pose" else "j3"
    for _ in range(50):
        asked = made.action(Command(True, {name: 1.0}))
    one = hand(mode)
    one.action(Command())
    step = (one.action(Command(True, {name: 1.0})) - still)[2]
    assert (asked - still)[2] == pytest.approx(3 * step, rel=1e-3)


def test_the_gripper_stays_as_it_is_when_a_person_takes_over() -> None:
    made = hand("cartesian_delta")
    made.executed(np.array([0.1, 0.0, 0.0, -1.0]))
    made.take_over()
    assert made.action(Command(True, {"dx": 1.0}))[-1] == -1.0, "what the policy holds is not dropped"
    made.grip(1.0)
    assert made.action(Command())[-1] == 1.0
    made.executed(np.array([0.1, 0.0, 0.0, -1.0]))
    made.begin()
    assert made.action(Command())[-1] == 1.0, "the reset has opened it"


@pytest.mark.parametrize("mode", ["cartesian_delta", "cartesian_pose", "joint_delta", "joint_position"])
def test_the_robot_follows_a_leader_from_where_both_stand_and_comes_as_far(mode: str) -> None:
    """The leader starts elsewhere, moves faster than the robot may, and stands still: nothing of its way is lost."""
    made, leader, way = hand(mode), HOME + 0.05, np.array([0.1, 0, 0, 0.05, 0, 0, 0])
    first = made.action(Command(True, joints=leader))
    assert first == pytest.approx(made.action(Command()), abs=1e-6), "no jump to where the leader is"
    total = np.zeros_like(first[:-1])
    for _ in range(30):
        action = made.action(Command(True, joints=leader + way))[:-1]
        total = total + action if "delta" in mode else action - first[:-1]
    twin = KinematicTwin(FR3)
    shift = twin.tcp_pose(leader + way).position - twin.tcp_pose(leader).position
    if mode == "cartesian_delta":
        assert total * FR3.action.translation == pytest.approx(shift, abs=1e-6)
    elif mode == "joint_delta":
        assert total * FR3.action.joint == pytest.approx(way, abs=1e-6)
    elif mode == "cartesian_pose":
        posed = make_mode(robot(mode), twin.tcp_pose(HOME).quaternion, 0.1)
        assert isinstance(posed, CartesianPose)
        box = np.array(FR3.workspace.upper) - np.array(FR3.workspace.lower)
        assert total / 2 * box == pytest.approx(shift, abs=1e-6)
    else:
        limits = FR3.limits
        span = np.array(limits.position_upper) - np.array(limits.position_lower) - 2 * limits.position_margin
        assert total / 2 * span == pytest.approx(way, abs=1e-6)


def test_a_leader_is_touched_while_it_moves_and_not_by_the_noise_of_its_sensors() -> None:
    config = DeviceConfig(
        driver="leader",
        topic="leader",
        release_s=0.5,
        leader=LeaderConfig(joints=("a", "b"), signs=(1.0, -1.0), gripper="g", gripper_open=0.0, gripper_closed=2.0),
    )
    arm, rng = LeaderMap(config, ("j1", "j2")), np.random.default_rng(0)

    def at(now_s: float, a: float, b: float, g: float = 0.0) -> Command:
        noise = rng.uniform(-0.003, 0.003, 2)
        return arm.command({"a": a + noise[0], "b": b + noise[1], "g": g}, now_s)

    assert not any(at(0.01 * i, 0.5, 0.5).acts for i in range(200))
    moved = at(3.0, 0.5, 0.6)
    assert moved.acts and moved.joints is not None and moved.joints == pytest.approx([0.5, -0.6], abs=0.004)
    assert at(3.4, 0.5, 0.6).acts and not at(3.6, 0.5, 0.6).acts
    pulled = at(4.0, 0.5, 0.6, g=2.0)
    assert pulled.acts and pulled.gripper == -1.0


def test_a_leader_of_another_number_of_joints_is_refused() -> None:
    config = DeviceConfig(driver="leader", topic="leader", leader=LeaderConfig(joints=("a", "b")))
    with pytest.raises(UsageError, match="the leader has 2 joints and 7 signs, the robot 7 joints"):
        LeaderMap(config, FR3.joints)


def test_the_legend_tells_what_this_robot_can_do_in_lines_that_fit() -> None:
    lines = legend(load_device("keyboard"), FR3)
    text = "   ".join(lines)
    assert "w W up: away" in text and "space: open or close the gripper" in text and max(map(len, lines)) < 70
    assert "turn" not in text, "this robot does not turn"
    assert "q Q: turn left" in " ".join(legend(load_device("keyboard"), load_robot("fr3_peg")))
    assert "left_y: back / away" in " ".join(legend(load_device("gamepad"), FR3))
