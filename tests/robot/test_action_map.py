"""Motion and gripper in one action."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot_rl.robot.action_map import ActionMap
from robot_rl.robot.spec import load_robot

ROBOT = load_robot("fr3_sim")
unit = st.floats(-1.0, 1.0, width=32)


@given(st.tuples(unit, unit, unit, unit))
def test_join_undoes_the_split(action: tuple[float, ...]) -> None:
    mapping = ActionMap(ROBOT)
    joined = mapping.join(np.array(action[: mapping.motion]), mapping.opening(np.array(action)))
    assert joined == pytest.approx(np.array(action), abs=1e-6)


@pytest.mark.parametrize(("action", "opening"), [(-1.0, 0.0), (0.0, 0.02), (1.0, 0.04)])
def test_gripper_is_an_absolute_opening(action: float, opening: float) -> None:
    assert ActionMap(ROBOT).opening(np.array([0, 0, 0, action])) == pytest.approx(opening)


def test_join_clips_what_no_action_can_ask_for() -> None:
    assert np.array_equal(ActionMap(ROBOT).join(np.full(3, 9.0), 0.04), np.ones(4, np.float32))


def test_robot_without_gripper_action_has_three_dimensions_and_keeps_it_open() -> None:
    mapping = ActionMap(dataclasses.replace(ROBOT, action=dataclasses.replace(ROBOT.action, gripper=False)))
    assert mapping.spec.names == ("dx", "dy", "dz")
    assert mapping.opening(np.zeros(3)) == ROBOT.gripper.open
    assert mapping.join(np.zeros(3), 0.0).shape == (3,)
