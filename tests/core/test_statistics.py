"""The confidence interval of success counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from robot_rl.core.statistics import success_interval


@given(st.integers(1, 300), st.data())
def test_is_wilsons_interval(n: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, n))
    expected = binomtest(successes, n).proportion_ci(0.95, method="wilson")
    np.testing.assert_allclose(success_interval(successes, n), (expected.low, expected.high), atol=1e-9)


def test_ends_are_exact_and_nothing_tried_says_nothing() -> None:
    assert success_interval(0, 10)[0] == 0.0
    assert success_interval(10, 10)[1] == 1.0
    assert success_interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("successes", "n"), [(-1, 5), (6, 5)])
def test_impossible_counts_are_refused(successes: int, n: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        success_interval(successes, n)
