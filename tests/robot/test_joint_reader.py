"""Joint states as drivers send them: any order, others among them, parts missing, velocities or none."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot_rl.config.robot import RobotConfig
from robot_rl.core.errors import SchemaError
from robot_rl.robot.joint_reader import JointReader, VelocityFilter
from robot_rl.robot.spec import load_robot

ROBOT = load_robot("fr3_sim")
NAMES = [*ROBOT.joints, ROBOT.gripper.joint]
Q, DQ = [*np.linspace(0.1, 0.7, 7), 0.03], [*np.linspace(1.0, 1.6, 7), 0.0]
MS = 1_000_000


@given(st.permutations([*range(8), 8, 9]))
def test_any_order_with_joints_of_others_among_them(order: list[int]) -> None:
    names, q, dq = [*NAMES, "base_wheel", "head"], [*Q, 9.0, np.nan], [*DQ, 9.0, np.nan]
    reader = JointReader(ROBOT)
    reading = reader.read([names[i] for i in order], [q[i] for i in order], [dq[i] for i in order], 5)
    assert reading is not None and reading.stamp_ns == 5
    assert reading.q.tolist() == Q[:7] and reading.dq.tolist() == DQ[:7] and reading.opening == 0.03
    assert reader.extra == {"base_wheel", "head"} and not reader.filtered


@pytest.mark.parametrize(
    ("names", "q", "says"),
    [
        (NAMES[1:], Q[1:], "lack fr3_joint1 among 7 joints"),
        (NAMES, Q[:3], "lack fr3_joint4, fr3_joint5, fr3_joint6, fr3_joint7"),
        ([], [], "lack fr3_joint1"),
        (NAMES[:7], Q[:7], "lack the gripper's joint 'fr3_finger_joint1'"),
        (NAMES, [np.nan, *Q[1:]], "NaN or infinity"),
        (NAMES, [*Q[:7], np.inf], "NaN or infinity"),
    ],
)
def test_what_is_missing_or_broken_is_named(names: list[str], q: list[float], says: str) -> None:
    with pytest.raises(SchemaError, match=says):
        JointReader(ROBOT).read(names, q, DQ[: len(q)], 0)


def test_velocities_with_one_nan_are_refused() -> None:
    with pytest.raises(SchemaError, match="as velocities"):
        JointReader(ROBOT).read(NAMES, Q, [np.nan, *DQ[1:]], 0)


def test_a_gripper_may_come_in_messages_of_its_own_but_not_fall_silent() -> None:
    reader = JointReader(ROBOT)
    assert reader.read(NAMES[7:], Q[7:], [], 0) is None
    reading = reader.read(NAMES[:7], Q[:7], DQ[:7], 400 * MS)
    assert reading is not None and reading.opening == 0.03
    with pytest.raises(SchemaError, match=r"was told 0\.60 s ago, at most 0\.5 s"):
        reader.read(NAMES[:7], Q[:7], DQ[:7], 600 * MS)


def test_a_vector_without_the_gripper_needs_none() -> None:
    proprio = dataclasses.replace(ROBOT.proprio, parts=("joint_positions",))
    robot: RobotConfig = dataclasses.replace(ROBOT, proprio=proprio)
    reading = JointReader(robot).read(NAMES[:7], Q[:7], DQ[:7], 0)
    assert reading is not None and reading.opening == 0.0


@pytest.mark.parametrize("given_dq", [[], [np.nan] * 8])
def test_velocities_come_from_positions_where_the_driver_gives_none(given_dq: list[float]) -> None:
    reader, speed, dt = JointReader(ROBOT), np.linspace(-0.5, 0.5, 7), 0.01
    readings: list[Any] = []
    for tick in range(40):
        readings.append(reader.read(NAMES, [*(speed * tick * dt), 0.0], given_dq, round(tick * dt * 1e9)))
    assert readings[0] is None and reader.filtered
    assert readings[1].dq == pytest.approx(speed) and readings[-1].dq == pytest.approx(speed)


def test_the_filter_smooths_noise_and_begins_anew_after_a_gap() -> None:
    rng, rough, smooth, last = np.random.default_rng(0), [], [], 0.0
    low_pass = VelocityFilter(cutoff_hz=5.0)
    for tick in range(2000):
        q = 0.3 * tick * 0.01 + rng.normal(0, 1e-4)
        velocity = low_pass.update(tick * 10 * MS, np.array([q]))
        if velocity is not None and tick > 100:
            smooth.append(velocity[0])
            rough.append((q - last) / 0.01)
        last = q
    assert np.mean(smooth) == pytest.approx(0.3, abs=1e-3) and np.std(smooth) < 0.5 * np.std(rough)
    assert low_pass.update(2000 * 10 * MS + 800 * MS, np.zeros(1)) is None
    assert low_pass.update(0, np.zeros(1)) is None, "time went back"
