"""Rows that barriers become: room to stop, and never against a full brake."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from robot_rl.safety.limits.barrier import BUFFER, GENTLE, Barriers, Rows, braking_rows
from robot_rl.safety.limits.braking import brake, stop_displacement
from robot_rl.safety.reasons import Reason

DT, ACCELERATION = 0.02, np.array([10.0, 5.0, 2.0])
speeds = arrays(np.float64, 3, elements=st.floats(-2.0, 2.0))
gradients = arrays(np.float64, (4, 3), elements=st.floats(-1.0, 1.0))
distances = arrays(np.float64, 4, elements=st.floats(-0.5, 0.5))


def rows_of(distance: np.ndarray, gradient: np.ndarray, dq: np.ndarray) -> Rows:
    barriers = Barriers(distance, gradient, (Reason.COLLISION,) * len(distance))
    return braking_rows(barriers, dq, ACCELERATION, DT, brake(dq, ACCELERATION, DT))


@given(distances, gradients, speeds)
def test_a_full_brake_satisfies_all_rows_even_outside(
    distance: np.ndarray, gradient: np.ndarray, dq: np.ndarray
) -> None:
    rows = rows_of(distance, gradient, dq)
    assert (rows.matrix @ brake(dq, ACCELERATION, DT) <= rows.upper + 1e-12).all()


@given(arrays(np.float64, 3, elements=st.floats(0.0, 1.0)), st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=60))
def test_what_the_rows_allow_can_still_stop_before_a_straight_barrier(normal: np.ndarray, wishes: list[float]) -> None:
    gradient, distance, dq = -normal[None], np.array([0.1]), np.zeros(3)
    for wish in wishes:
        rows = rows_of(distance, gradient, dq)
        stop, step = brake(dq, ACCELERATION, DT), ACCELERATION * DT
        wanted = np.clip(dq + wish * step, dq - step, dq + step)
        share = np.linspace(1.0, 0.0, 50)[:, None]
        candidates = stop + share * (wanted - stop)
        allowed = candidates[(candidates @ rows.matrix.T <= rows.upper + 1e-12).all(axis=1)]
        dq = allowed[0]
        distance = distance + gradient @ dq * DT
        way = gradient @ stop_displacement(dq, GENTLE * ACCELERATION, DT)
        assert distance + way >= -2 * BUFFER


def test_at_rest_before_a_barrier_only_the_way_towards_it_is_closed() -> None:
    rows = rows_of(np.array([BUFFER]), np.array([[-1.0, 0.0, 0.0]]), np.zeros(3))
    assert rows.hold(np.array([-0.1, 0.1, -0.04])) and not rows.hold(np.array([0.001, 0.0, 0.0]))
