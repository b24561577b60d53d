"""Braking: the way to standstill is what its closed forms say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot_rl.safety.limits.braking import (
    brake,
    braking_speed,
    stop_displacement,
    stop_path,
    stop_speeds,
    stop_ticks,
)

DT, ACCELERATION = 0.02, np.array([10.0, 4.0])
speeds = st.tuples(st.floats(-3.0, 3.0), st.floats(-3.0, 3.0)).map(np.array)


def simulated(dq: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Velocities and displacements, tick by tick, of one tick with `dq` and then `brake` until standstill."""
    velocities, ways = [dq], [dq * DT]
    while velocities[-1].any():
        velocities.append(brake(velocities[-1], ACCELERATION, DT))
        ways.append(ways[-1] + velocities[-1] * DT)
    return velocities, ways


@given(speeds)
def test_braking_never_exceeds_the_acceleration_and_ends_at_rest(dq: np.ndarray) -> None:
    velocities, _ = simulated(dq)
    assert (np.abs(np.diff(velocities, axis=0, append=0.0)) <= ACCELERATION * DT + 1e-12).all()
    assert len(velocities) <= np.ceil(np.abs(dq) / (ACCELERATION * DT)).max() + 2


@given(speeds)
def test_closed_forms_agree_with_braking_tick_by_tick(dq: np.ndarray) -> None:
    velocities, ways = simulated(dq)
    ticks = stop_ticks(dq, ACCELERATION, DT)
    path = stop_path(dq, ACCELERATION, DT, np.arange(1, ticks + 1)[:, None])
    assert path == pytest.approx(np.array(ways[:ticks]), abs=1e-9)
    assert path[-1] == pytest.approx(ways[-1], abs=1e-9)
    assert stop_speeds(dq, ACCELERATION, DT, ticks) == pytest.approx(np.array(velocities[:ticks]), abs=1e-9)
    assert stop_displacement(dq, ACCELERATION, DT) == pytest.approx(ways[-1] - dq * DT, abs=1e-9)


@given(st.floats(0.0, 5.0), st.floats(0.1, 20.0))
def test_from_the_braking_speed_a_stop_fits_into_the_distance(distance: float, acceleration: float) -> None:
    speed = braking_speed(np.array(distance), np.array(acceleration), DT)
    assert speed * DT + speed**2 / (2 * acceleration) <= distance + 1e-9
