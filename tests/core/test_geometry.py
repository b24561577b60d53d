"""Poses and rotations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot_rl.core.geometry import Pose, rotated, rotation_angle, rotation_vector, turn_towards

numbers = st.lists(st.floats(-1, 1), min_size=4, max_size=4).filter(lambda v: np.linalg.norm(v) > 0.1)


def unit(values: list[float]) -> np.ndarray:
    return np.array(values) / np.linalg.norm(values)


def test_a_pose_that_is_not_finite_or_of_wrong_size_is_refused() -> None:
    with pytest.raises(ValueError, match="position"):
        Pose(np.array([0.0, np.nan, 0.0]), np.array([1.0, 0.0, 0.0, 0.0]))
    with pytest.raises(ValueError, match="quaternion"):
        Pose(np.zeros(3), np.zeros(3))


def test_the_angle_of_a_quarter_turn() -> None:
    quarter = np.array([np.cos(np.pi / 4), np.sin(np.pi / 4), 0.0, 0.0])
    assert rotation_angle(np.array([1.0, 0.0, 0.0, 0.0]), quarter) == pytest.approx(np.pi / 2)


@given(numbers, numbers, st.floats(0.01, 4.0))
def test_a_turn_goes_the_shortest_way_and_no_further_than_allowed(a: list[float], b: list[float], angle: float) -> None:
    start, goal = unit(a), unit(b)
    whole, turned = rotation_angle(start, goal), turn_towards(start, goal, angle)
    assert np.linalg.norm(turned) == pytest.approx(1.0)
    assert rotation_angle(start, turned) == pytest.approx(min(angle, whole), abs=1e-4)
    assert rotation_angle(turned, goal) == pytest.approx(max(0.0, whole - angle), abs=1e-4)


@given(numbers, numbers)
def test_the_rotation_vector_between_two_orientations_turns_one_into_the_other(a: list[float], b: list[float]) -> None:
    start, end = unit(a), unit(b)
    vector = rotation_vector(start, end)
    assert np.linalg.norm(vector) == pytest.approx(rotation_angle(start, end), abs=1e-6)
    assert rotation_angle(rotated(start, vector), end) < 1e-6


def test_a_rotation_is_about_the_axes_of_the_frame_and_not_of_the_body() -> None:
    down, quarter = np.array([0.0, 1.0, 0.0, 0.0]), np.pi / 2
    about_z = np.array([np.cos(quarter / 2), 0.0, 0.0, np.sin(quarter / 2)])
    turned = rotated(down, np.array([0.0, 0.0, quarter]))
    assert turned == pytest.approx([0.0, about_z[0], about_z[3], 0.0])


def test_poses_compose_as_their_matrices_do() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        a, b = (Pose(rng.normal(size=3), (q := rng.normal(size=4)) / np.linalg.norm(q)) for _ in range(2))
        np.testing.assert_allclose(a.after(b).matrix, a.matrix @ b.matrix, atol=1e-12)
        np.testing.assert_allclose(a.inverse().after(a).matrix, np.eye(4), atol=1e-12)
        assert rotation_angle(Pose.of_matrix(a.matrix).quaternion, a.quaternion) < 1e-7
        assert Pose.of_matrix(a.matrix).quaternion[0] >= 0.0
