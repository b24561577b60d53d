"""Inverse kinematics: tracks what is reachable, obeys limits always, says so when there is no solution."""

from __future__ import annotations

import mink
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mink.limits.limit import Constraint

from robot_rl.core.geometry import Pose, rotation_angle
from robot_rl.robot.ik import DifferentialIK, Infeasible
from robot_rl.robot.spec import load_robot
from robot_rl.robot.twin import KinematicTwin

DOWN = np.array([0.0, 1.0, 0.0, 0.0])
DT = 0.01
ROBOT = load_robot("fr3_sim")
HOME = np.array(ROBOT.home)
coordinate = st.floats(-1.0, 1.0)


class Rows(mink.limits.Limit):
    """Any linear inequalities."""

    def __init__(self, matrix: np.ndarray, bound: np.ndarray) -> None:
        self.rows = Constraint(matrix, bound)

    def compute_qp_inequalities(self, configuration: mink.Configuration, dt: float) -> Constraint:
        return self.rows


def follow(ik: DifferentialIK, q: np.ndarray, start: np.ndarray, end: np.ndarray, ticks: int) -> list[np.ndarray]:
    path = [q]
    for tick in range(1, ticks + 1):
        target = Pose(start + (end - start) * tick / ticks, DOWN)
        path.append(path[-1] + ik.solve(path[-1], target, DT) * DT)
    return path


@settings(max_examples=20)
@given(coordinate, coordinate, coordinate)
def test_commanded_tcp_tracks_a_moving_target_anywhere_in_the_workspace(x: float, y: float, z: float) -> None:
    twin = KinematicTwin(ROBOT)
    lower, upper = np.array(ROBOT.workspace.lower), np.array(ROBOT.workspace.upper)
    end = lower + (np.array([x, y, z]) + 1) / 2 * (upper - lower)
    start = twin.tcp_pose(HOME).position
    path = follow(DifferentialIK(twin), HOME, start, end, 150)
    for tick, q in enumerate(path):
        pose = twin.tcp_pose(q)
        assert np.linalg.norm(pose.position - (start + (end - start) * tick / 150)) < 1e-3
        assert rotation_angle(pose.quaternion, DOWN) < 2e-3


@settings(max_examples=20)
@given(coordinate, coordinate, coordinate)
def test_limits_hold_for_targets_far_out_of_reach(x: float, y: float, z: float) -> None:
    twin = KinematicTwin(ROBOT)
    target = np.array([2 * x, 2 * y, 2 * z])
    path = np.array(follow(DifferentialIK(twin), HOME, target, target, 120))
    assert (np.abs(np.diff(path, axis=0)) / DT <= np.array(ROBOT.limits.velocity) + 1e-5).all()
    margin = ROBOT.limits.position_margin - 1e-6
    assert (path >= np.array(ROBOT.limits.position_lower) + margin).all()
    assert (path <= np.array(ROBOT.limits.position_upper) - margin).all()


def test_redundant_elbow_comes_back_to_the_home_posture(twin: KinematicTwin) -> None:
    ik = DifferentialIK(twin)
    start = twin.tcp_pose(HOME).position
    q = HOME
    rng = np.random.default_rng(0)
    at = start
    for _ in range(20):
        goal = rng.uniform(ROBOT.workspace.lower, ROBOT.workspace.upper)
        q, at = follow(ik, q, at, goal, 100)[-1], goal
    q = follow(ik, q, at, start, 300)[-1]
    assert q == pytest.approx(HOME, abs=0.02)


def test_a_joint_inside_its_margin_may_go_back_but_not_further_out(twin: KinematicTwin) -> None:
    ik = DifferentialIK(twin)
    q = HOME.copy()
    q[3] = ROBOT.limits.position_lower[3] + 0.01
    outwards = ik.solve(q, Pose([0.3, 0.0, 0.3], DOWN), DT)
    assert outwards[3] >= -1e-6
    assert (np.abs(outwards) <= np.array(ROBOT.limits.velocity) + 1e-5).all()
    assert ik.solve(q, Pose([0.5, 0.0, 0.3], DOWN), DT)[3] > 0.1


def test_extra_limits_are_obeyed(twin: KinematicTwin) -> None:
    frozen = Rows(np.vstack([np.eye(7)[:1], -np.eye(7)[:1]]), np.zeros(2))
    target = Pose([0.45, 0.05, 0.25], DOWN)
    assert abs(DifferentialIK(twin).solve(HOME, target, DT)[0]) > 0.01
    assert abs(DifferentialIK(twin, [frozen]).solve(HOME, target, DT)[0]) < 1e-6


def test_contradicting_limits_are_infeasible(twin: KinematicTwin) -> None:
    contradiction = Rows(np.vstack([np.eye(7)[:1], -np.eye(7)[:1]]), np.array([-0.01, -0.01]))
    with pytest.raises(Infeasible, match="must hold"):
        DifferentialIK(twin, [contradiction]).solve(HOME, twin.tcp_pose(HOME), DT)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_joint_positions_that_are_not_finite_are_infeasible(twin: KinematicTwin, bad: float) -> None:
    q = HOME.copy()
    q[2] = bad
    with pytest.raises(Infeasible, match="not finite"):
        DifferentialIK(twin).solve(q, twin.tcp_pose(HOME), DT)
