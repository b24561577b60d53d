"""Roughness of commands and times of hand-overs, from commands that are known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from robot_rl.bench.handover import Commands, Handover, first_after, roughness, summary
from robot_rl.core.errors import RobotRLError
from robot_rl.robot.spec import load_robot

LIMITS = load_robot("fr3_sim").limits
DT, JOINTS = 0.02, len(LIMITS.velocity)


def commands(velocities: np.ndarray, periods: np.ndarray | None = None) -> Commands:
    """Commands of joint 0 at `velocities` (N,) [rad/s], `periods` (N,) after each other."""
    q = np.zeros((len(velocities), JOINTS))
    q[:, 0] = np.cumsum(velocities) * DT
    return Commands(np.cumsum(np.ones(len(velocities)) if periods is None else periods) * DT * 1e9, q)


def test_smooth_commands_use_the_share_of_the_limits_that_they_use() -> None:
    top, most = LIMITS.velocity[0], LIMITS.acceleration[0]
    ramp = np.concatenate([np.zeros(5), np.arange(1, 6) * 0.5 * most * DT, np.full(5, 2.5 * most * DT)])
    rough = roughness(commands(ramp), DT, LIMITS, 0, 10**12)
    assert rough.acceleration_share == pytest.approx(0.5) and rough.jump_rad == 0.0 and rough.unseen == 0
    assert rough.velocity_share == pytest.approx(2.5 * most * DT / top)


def test_a_jump_is_seen_and_only_inside_the_window() -> None:
    velocities = np.zeros(20)
    velocities[10] = 10.0
    rough = roughness(commands(velocities), DT, LIMITS, 0, 10**12)
    assert rough.jump_rad == pytest.approx((10.0 - LIMITS.velocity[0]) * DT) and rough.acceleration_share > 1.0
    assert roughness(commands(velocities), DT, LIMITS, 0, round(9 * DT * 1e9)).acceleration_share == 0.0
    with pytest.raises(RobotRLError, match="only 2 commands"):
        roughness(commands(velocities), DT, LIMITS, 0, round(2 * DT * 1e9))


def test_a_command_that_was_not_seen_is_no_jump() -> None:
    steady, periods = np.full(20, 0.5), np.ones(20)
    steady[10], periods[10] = 1.0, 2.0
    rough = roughness(commands(steady, periods), DT, LIMITS, round(2.5 * DT * 1e9), 10**12)
    assert rough.acceleration_share == pytest.approx(0.0, abs=1e-9) and rough.unseen == 1


def test_the_summary_tells_percentiles_and_the_worst() -> None:
    smooth = roughness(commands(np.zeros(9)), DT, LIMITS, 0, 10**12)
    worse = dataclasses.replace(smooth, acceleration_share=0.9)
    ones = [Handover(0.01 * i, 0.02, 0.6, worse if i == 3 else smooth, smooth) for i in range(1, 6)]
    figures = summary(ones, smooth)
    assert figures["touch_to_command_p50_ms"] == 30.0 and figures["touch_to_command_max_ms"] == 50.0
    assert figures["taking_acceleration_share_max"] == 0.9 and figures["giving_acceleration_share_max"] == 0.0


def test_first_after() -> None:
    times = np.array([10, 20, 30])
    assert [first_after(times, at) for at in (5, 20, 21, 31)] == [10, 20, 30, None]
