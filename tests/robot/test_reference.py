"""Set points move to each command in a straight line, within the period and the speed limit."""

from __future__ import annotations

import numpy as np
import pytest

from robot_rl.robot.reference import Reference


def test_reaches_a_command_at_the_end_of_the_period_and_stays() -> None:
    reference = Reference(np.zeros(2), np.ones(2), period=0.01)
    reference.command(np.array([0.004, -0.002]))
    seen = []
    for _ in range(6):
        reference.advance(0.0025)
        seen.append(reference.value.copy())
    assert seen[1] == pytest.approx([0.002, -0.001])
    assert seen[3] == pytest.approx([0.004, -0.002])
    assert seen[5] == pytest.approx([0.004, -0.002])
    assert reference.velocity == pytest.approx([0.0, 0.0])


def test_velocity_is_that_of_the_motion() -> None:
    reference = Reference(np.zeros(1), np.ones(1), period=0.01)
    reference.command(np.array([0.005]))
    reference.advance(0.0025)
    assert reference.velocity == pytest.approx([0.5])


def test_never_faster_than_the_limit() -> None:
    reference = Reference(np.zeros(1), np.array([2.0]), period=0.01)
    reference.command(np.array([1.0]))
    for _ in range(4):
        reference.advance(0.0025)
    assert reference.value == pytest.approx([0.02])


def test_does_not_alias_the_callers_array() -> None:
    goal = np.array([0.005])
    reference = Reference(np.zeros(1), np.ones(1), period=0.01)
    reference.command(goal)
    goal[:] = 9.0
    reference.advance(0.01)
    assert reference.value == pytest.approx([0.005])
