"""Actions to targets and back."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot_rl.core.geometry import Pose
from robot_rl.robot.action_map import DOWN, ActionMap
from robot_rl.robot.spec import load_robot

ROBOT = load_robot("fr3_sim")
START = Pose([0.45, 0.1, 0.2], [1.0, 0.0, 0.0, 0.0])
unit = st.floats(-1.0, 1.0, width=32)


@given(st.tuples(unit, unit, unit, unit))
def test_invert_undoes_target_and_opening(action: tuple[float, ...]) -> None:
    mapping = ActionMap(ROBOT)
    end, opening = mapping.target(START, np.array(action)), mapping.opening(np.array(action))
    assert mapping.invert(START, end, opening) == pytest.approx(np.array(action), abs=1e-6)


def test_a_full_action_is_the_configured_translation_in_the_base_frame() -> None:
    end = ActionMap(ROBOT).target(START, np.array([1.0, -1.0, 0.5, 0.0]))
    assert end.position - START.position == pytest.approx([0.03, -0.03, 0.015])


def test_targets_point_down_whatever_the_start_does() -> None:
    assert np.array_equal(ActionMap(ROBOT).target(START, np.zeros(4)).quaternion, DOWN)


@pytest.mark.parametrize(("action", "opening"), [(-1.0, 0.0), (0.0, 0.02), (1.0, 0.04)])
def test_gripper_is_an_absolute_opening(action: float, opening: float) -> None:
    assert ActionMap(ROBOT).opening(np.array([0, 0, 0, action])) == pytest.approx(opening)


def test_invert_clips_what_no_action_can_ask_for() -> None:
    end = Pose(START.position + 1.0, DOWN)
    assert np.array_equal(ActionMap(ROBOT).invert(START, end, 0.04), np.ones(4, np.float32))


def test_robot_without_gripper_action_has_three_dimensions_and_keeps_it_open() -> None:
    mapping = ActionMap(dataclasses.replace(ROBOT, action=dataclasses.replace(ROBOT.action, gripper=False)))
    assert mapping.spec.names == ("dx", "dy", "dz")
    assert mapping.opening(np.zeros(3)) == ROBOT.gripper.open
    assert mapping.invert(START, START, 0.0).shape == (3,)
