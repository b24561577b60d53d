"""Where commands of each kind want the tcp to be, at, between, before and long after them."""

from __future__ import annotations

import numpy as np
import pytest

from robot_rl.replay.bags.commanded import TWIST_TIMEOUT_NS, commanded
from robot_rl.replay.bags.topic_map import FLOATS, POSE, TRAJECTORY, TWIST
from robot_rl.robot.spec import load_robot
from robot_rl.robot.twin import KinematicTwin

MS = 1_000_000
TWIN = KinematicTwin(load_robot("fr3_sim"))
HOME = np.array(TWIN.robot.home)


def joints(offset: float) -> np.ndarray:
    return HOME + offset


def position(offset: float) -> np.ndarray:
    return TWIN.tcp_pose(joints(offset)).position


def test_joint_positions_hold_until_the_next_and_count_after_their_stamp() -> None:
    motion = commanded(FLOATS, [(200 * MS, joints(0.2)), (100 * MS, joints(0.1))], TWIN)
    for time, offset in ((0, 0.05), (100, 0.05), (101, 0.1), (200, 0.1), (201, 0.2), (90_000, 0.2)):
        assert motion.tcp(time * MS, joints(0.05)).position == pytest.approx(position(offset))


def test_poses_hold_until_the_next() -> None:
    first, second = np.array([0.4, 0, 0.3, 0, 1, 0, 0]), np.array([0.5, 0, 0.3, 0, 1, 0, 0])
    motion = commanded(POSE, [(0, first), (100 * MS, second)], TWIN)
    assert motion.tcp(100 * MS, HOME).position.tolist() == [0.4, 0, 0.3]
    assert motion.tcp(101 * MS, HOME).position.tolist() == [0.5, 0, 0.3]
    assert motion.tcp(0, HOME).position == pytest.approx(position(0.0))


def test_twists_move_until_the_next_or_their_timeout() -> None:
    forth, back = np.array([0.1, 0.0, 0.0]), np.array([-0.2, 0.0, 0.0])
    motion = commanded(TWIST, [(0, forth), (50 * MS, forth), (1000 * MS, back)], TWIN)
    moved = [motion.tcp(t * MS, HOME).position[0] - motion.tcp(0, HOME).position[0] for t in range(0, 2000, 25)]
    timeout = TWIST_TIMEOUT_NS // MS
    expected = [
        0.1 * min(t, 50 + timeout) * 1e-3 - 0.2 * min(max(t - 1000, 0), timeout) * 1e-3 for t in range(0, 2000, 25)
    ]
    assert moved == pytest.approx(expected)


def test_trajectories_are_straight_between_points_until_replaced() -> None:
    def points(*given: tuple[int, float]) -> np.ndarray:
        return np.array([[after * MS, *joints(offset)] for after, offset in given])

    long, short = points((100, 0.1), (300, 0.3)), points((0, 0.0))
    stop = np.zeros((0, 1 + len(HOME)))
    motion = commanded(TRAJECTORY, [(1000 * MS, long), (1200 * MS, stop), (1500 * MS, short)], TWIN)
    expected = {500: 0.02, 1000: 0.02, 1050: 0.06, 1100: 0.1, 1150: 0.15, 1200: 0.2, 1400: 0.2, 1500: 0.2, 1501: 0.0}
    for time, offset in expected.items():
        assert motion.tcp(time * MS, joints(0.02)).position == pytest.approx(position(offset)), time


def test_a_trajectory_replaced_on_its_way_goes_on_from_there() -> None:
    there, back = (np.array([[100 * MS, *joints(offset)]]) for offset in (0.1, 0.0))
    motion = commanded(TRAJECTORY, [(0, there), (50 * MS, back)], TWIN)
    assert motion.tcp(0, joints(0.0)).position == pytest.approx(position(0.0))
    for time, offset in {50: 0.05, 100: 0.025, 150: 0.0, 900: 0.0}.items():
        assert motion.tcp(time * MS, joints(0.0)).position == pytest.approx(position(offset)), time
