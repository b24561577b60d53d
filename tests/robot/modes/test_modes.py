"""Every mode: what an action asks for, and that what was done is inverted to it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot_rl.config.robot import MODES, RobotConfig
from robot_rl.core.geometry import Pose, rotated, rotation_angle
from robot_rl.robot.action_map import ActionMap
from robot_rl.robot.modes import make_mode
from robot_rl.robot.modes.base import ArmState, Course, JointMotion
from robot_rl.robot.spec import load_robot

ROBOT = load_robot("fr3_sim")
LEVEL = np.array([0.0, 1.0, 0.0, 0.0])
DT, PERIOD = 0.01, 0.1
unit = st.floats(-1.0, 1.0, width=32)
vector = st.lists(st.floats(-0.3, 0.3), min_size=3, max_size=3).map(np.array)


def with_mode(mode: str, rotation: float = 0.0, axes: str = "xyz") -> RobotConfig:
    action = dataclasses.replace(ROBOT.action, mode=mode, rotation=rotation, rotation_axes=axes)
    return dataclasses.replace(ROBOT, action=action)


def at(q: np.ndarray, dq: np.ndarray, velocity: np.ndarray, turn: np.ndarray) -> ArmState:
    return ArmState(q, dq, Pose([0.45, 0.0, 0.25], LEVEL), velocity, turn)


STILL = at(np.array(ROBOT.home), np.zeros(7), np.zeros(3), np.zeros(3))


def obey(course: Course, arm: ArmState, seconds: float, share: float = 1.0) -> ArmState:
    """An ideal arm, whose joints and tcp do `share` of what is asked for, whichever it is."""
    for _ in range(round(seconds / DT)):
        wish = course.next(arm, DT)
        if isinstance(wish, JointMotion):
            dq = share * wish.dq
            arm = ArmState(arm.q + dq * DT, dq, arm.tcp, arm.velocity, arm.turn)
            continue
        velocity = share * wish.velocity
        turned = wish.quaternion if wish.turn is None else rotated(arm.tcp.quaternion, share * wish.turn * DT)
        turn = np.zeros(3) if wish.turn is None else share * wish.turn
        arm = ArmState(arm.q, arm.dq, Pose(arm.tcp.position + velocity * DT, turned), velocity, turn)
    return arm


@pytest.mark.parametrize(("rotation", "axes"), [(0.0, "xyz"), (0.2, "xyz"), (0.2, "z")])
@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=30)
@given(data=st.data())
def test_what_an_obedient_arm_did_is_the_action(mode: str, rotation: float, axes: str, data: st.DataObject) -> None:
    made = make_mode(with_mode(mode, rotation, axes), LEVEL, PERIOD)
    action = np.array(data.draw(st.lists(unit, min_size=len(made.names), max_size=len(made.names))))
    seconds = PERIOD if "delta" in mode else 12.0
    course = made.begin(action, STILL)
    assert course.executed(obey(course, STILL, seconds)) == pytest.approx(action, abs=1e-5)


@pytest.mark.parametrize("mode", ["cartesian_delta", "joint_delta"])
@settings(max_examples=30)
@given(data=st.data(), velocity=vector, turn=vector)
def test_motion_left_over_from_the_action_before_is_not_this_ones(
    mode: str, data: st.DataObject, velocity: np.ndarray, turn: np.ndarray
) -> None:
    made = make_mode(with_mode(mode, 0.1), LEVEL, PERIOD)
    action = np.array(data.draw(st.lists(unit, min_size=len(made.names), max_size=len(made.names))))
    start = at(np.array(ROBOT.home), np.resize(velocity, 7), velocity, turn)
    course = made.begin(action, start)
    assert course.executed(obey(course, start, PERIOD)) == pytest.approx(action, abs=1e-5)


@pytest.mark.parametrize("mode", ["cartesian_delta", "joint_delta"])
def test_an_arm_that_does_half_of_it_executed_half_of_it(mode: str) -> None:
    made = make_mode(with_mode(mode, 0.1), LEVEL, PERIOD)
    action = np.linspace(-1, 1, len(made.names))
    course = made.begin(action, STILL)
    assert course.executed(obey(course, STILL, PERIOD, 0.5)) == pytest.approx(0.5 * action, abs=1e-3)


@pytest.mark.parametrize("mode", ["cartesian_delta", "joint_delta"])
def test_steady_actions_move_by_their_scale_each_step(mode: str) -> None:
    made = make_mode(with_mode(mode, 0.1), LEVEL, PERIOD)
    action, arm = np.ones(len(made.names)), STILL
    for _ in range(3):
        before = arm
        arm = obey(made.begin(action, arm), arm, PERIOD)
    if mode == "joint_delta":
        assert arm.q - before.q == pytest.approx(np.full(7, ROBOT.action.joint))
    else:
        assert arm.tcp.position - before.tcp.position == pytest.approx(np.full(3, ROBOT.action.translation))
        assert rotation_angle(before.tcp.quaternion, arm.tcp.quaternion) == pytest.approx(0.1 * np.sqrt(3))


@pytest.mark.parametrize("mode", ["cartesian_pose", "joint_position"])
def test_an_absolute_target_is_approached_at_the_steps_speed_without_overshoot(mode: str) -> None:
    made = make_mode(with_mode(mode), LEVEL, PERIOD)
    action, arm, last = np.full(len(made.names), 0.8), STILL, STILL
    course = made.begin(action, arm)
    missing = action - course.executed(arm)
    for _ in range(1500):
        last, arm = arm, obey(course, arm, DT)
        step = arm.q - last.q if mode == "joint_position" else arm.tcp.position - last.tcp.position
        top = ROBOT.action.joint if mode == "joint_position" else ROBOT.action.translation
        assert np.abs(step).max() <= top * DT / PERIOD + 1e-12
        assert ((action - course.executed(arm)) * np.sign(missing) >= -1e-9).all(), "went past the target"
    assert np.abs(step).max() < 1e-9


def test_the_corners_of_a_pose_action_are_the_corners_of_the_workspace() -> None:
    made = make_mode(with_mode("cartesian_pose"), LEVEL, PERIOD)
    arm = obey(made.begin(np.array([-1.0, 1.0, 1.0]), STILL), STILL, 12.0)
    low, high = ROBOT.workspace.lower, ROBOT.workspace.upper
    assert arm.tcp.position == pytest.approx([low[0], high[1], high[2]])
    assert np.array_equal(arm.tcp.quaternion, LEVEL)


def test_yaw_alone_takes_a_tilt_back_and_keeps_the_yaw() -> None:
    made = make_mode(with_mode("cartesian_delta", 0.1, "z"), LEVEL, PERIOD)
    tilted = rotated(rotated(LEVEL, np.array([0.1, 0.0, 0.0])), np.array([0.0, 0.0, 0.3]))
    arm = ArmState(STILL.q, STILL.dq, Pose(STILL.tcp.position, tilted), np.zeros(3), np.zeros(3))
    for _ in range(30):
        course = made.begin(np.zeros(4), arm)
        arm = obey(course, arm, PERIOD)
        assert course.executed(arm) == pytest.approx(np.zeros(4), abs=0.05)
    assert rotation_angle(arm.tcp.quaternion, rotated(LEVEL, np.array([0.0, 0.0, 0.3]))) < 0.01


@pytest.mark.parametrize("mode", ["cartesian_delta", "cartesian_pose"])
def test_yaw_alone_is_one_entry(mode: str) -> None:
    names = ActionMap(with_mode(mode, 0.1, "z")).spec.names
    assert names[3:] == ("rz", "gripper")


@pytest.mark.parametrize(
    ("mode", "rotation", "first", "size"),
    [
        ("cartesian_delta", 0.0, "dx", 4),
        ("cartesian_delta", 0.1, "dx", 7),
        ("cartesian_pose", 0.0, "x", 4),
        ("cartesian_pose", 0.1, "x", 7),
        ("joint_delta", 0.0, "d_fr3_joint1", 8),
        ("joint_position", 0.0, "q_fr3_joint1", 8),
    ],
)
def test_names_say_what_an_entry_is(mode: str, rotation: float, first: str, size: int) -> None:
    spec = ActionMap(with_mode(mode, rotation)).spec
    assert spec.names[0] == first and spec.names[-1] == "gripper" and spec.size == size
