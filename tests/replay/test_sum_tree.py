"""The sum tree against a plain list; numbers are whole, so sums are exact."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from robot_rl.replay.sum_tree import SumTree

changes = st.lists(
    st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 50)), min_size=1, max_size=30), min_size=1, max_size=8
)


def made(steps: list[list[tuple[int, int]]]) -> tuple[SumTree, np.ndarray]:
    """A tree after `steps`, and the numbers that should be in it."""
    tree, naive = SumTree(), np.zeros(3001)
    for step in steps:
        for index, value in step:
            naive[index] = value
        tree.set(np.array([index for index, _ in step]), np.array([value for _, value in step], np.float64))
    return tree, naive


@given(changes)
def test_holds_and_finds_what_a_list_does(steps: list[list[tuple[int, int]]]) -> None:
    tree, naive = made(steps)
    assert tree.total == naive.sum()
    assert np.array_equal(tree[np.arange(3001)], naive)
    highest = max(index for step in steps for index, _ in step)
    assert np.array_equal(tree.first(highest + 1), naive[: highest + 1])
    sums = np.arange(int(naive.sum()))
    assert np.array_equal(tree.find(sums), np.searchsorted(np.cumsum(naive), sums, side="right"))


@given(changes)
def test_is_a_function_of_its_numbers(steps: list[list[tuple[int, int]]]) -> None:
    """Of inexact numbers too: a tree filled at once finds the same as one changed step by step."""
    tree, naive = made(steps)
    index, final = np.arange(3001), np.where(naive % 3, naive**0.3, np.sqrt(naive))
    tree.set(index, np.sqrt(naive))
    for k in np.flatnonzero(naive % 3):
        tree.set(np.array([k]), final[k])
    other = SumTree()
    other.set(index, final)
    assert tree.total == other.total
    sums = np.linspace(0.0, tree.total, 50, endpoint=False)[: 50 if tree.total else 0]
    assert np.array_equal(tree.find(sums), other.find(sums))


def test_never_finds_a_zero() -> None:
    """Not even for a sum that rounding has carried to the total or beyond."""
    tree = SumTree()
    tree.set(np.array([3, 700, 900]), np.array([0.1, 0.2, 0.0]))
    assert tree.find(np.array([0.0, tree.total, 2 * tree.total])).tolist() == [3, 700, 700]


def test_keeps_its_numbers_when_it_grows() -> None:
    """Over many doublings, one and many at a time."""
    tree = SumTree()
    for start in range(0, 20_000, 500):
        tree.set(np.arange(start, start + 500), 1.0)
        tree.set(np.array([start]), 2.0)
    assert tree.total == 20_000 + 40
    assert tree.find(np.array([0.0, 1.9, 2.0, 500.9, 501.0, 20_039.5])).tolist() == [0, 0, 1, 499, 500, 19_999]
    assert tree[np.array([10**9])].tolist() == [0.0]
