"""Between the ticks that were looked at, a distance may come down further: by how much is found from its curve."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from robot_rl.safety.limits.between import lowest

numbers = st.floats(-5.0, 5.0)


@given(st.lists(st.integers(1, 6), min_size=2, max_size=12), st.tuples(numbers, numbers, numbers), numbers)
def test_a_parabola_is_never_lower_than_what_is_found_and_reaches_it_where_it_turns(
    gaps: list[int], shape: tuple[float, float, float], other: float
) -> None:
    ticks = np.cumsum([1, *gaps])
    every = np.arange(1, ticks[-1] + 1)
    curve, turn, height = 0.01 * abs(shape[0]), ticks[-1] * (0.5 + 0.2 * shape[1]), shape[2]
    values = np.stack([curve * (every - turn) ** 2 + height, np.full(len(every), other)], axis=1)
    found = lowest(values[ticks - 1], ticks[:, None].astype(float))
    assert (found <= values.min(axis=0) + 1e-9).all()
    assert found[0] >= height - 1e-9 and abs(found[1] - other) < 1e-9


def test_where_no_tick_is_left_out_it_is_the_least_of_what_was_seen() -> None:
    values = np.array([[3.0], [1.0], [1.0], [3.0]])
    assert lowest(values, np.arange(1.0, 5.0)[:, None]) == 1.0
    assert np.isclose(lowest(values, np.arange(1.0, 9.0, 2.0)[:, None]), 0.75)


def test_what_is_no_number_is_not_taken_for_a_distance() -> None:
    values = np.array([[3.0], [np.nan], [1.0], [3.0]])
    assert np.isnan(lowest(values, np.arange(1.0, 9.0, 2.0)[:, None]))
