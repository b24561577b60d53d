"""Non-negative numbers by index, and the index at which their running sum reaches a given value."""

from __future__ import annotations

import numpy as np


class SumTree:
    """A complete binary tree in one array: node i holds the sum of nodes 2i and 2i + 1, leaf j is node capacity + j.

    Changes and searches take all their indices at once, level by level. Every inner node is computed from its two
    children, never by adding differences: the tree is a function of its leaves, whatever led to them.
    """

    def __init__(self) -> None:
        self._capacity = 1024
        self._nodes = np.zeros(2 * self._capacity)

    @property
    def total(self) -> float:
        """Sum of all numbers."""
        return float(self._nodes[1])

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        """Numbers at `indices` (n,), 0 where none was set."""
        inside = indices < self._capacity
        values: np.ndarray = np.where(inside, self._nodes[self._capacity + np.where(inside, indices, 0)], 0.0)
        return values

    def first(self, count: int) -> np.ndarray:
        """Copy of the numbers at 0..count-1; `count` is at most one above the highest index set."""
        return self._nodes[self._capacity : self._capacity + count].copy()

    def set(self, indices: np.ndarray, values: np.ndarray | float) -> None:
        """Set the numbers at `indices` (n,) to `values`, making room; the last one counts where one index repeats."""
        if not len(indices):
            return
        self._grow(int(indices.max()) + 1)
        nodes = self._capacity + indices
        self._nodes[nodes] = values
        if len(nodes) * self._capacity.bit_length() > self._capacity:
            self._sum_all()
            return
        for _ in range(self._capacity.bit_length() - 1):
            nodes = nodes >> 1
            self._nodes[nodes] = self._nodes[2 * nodes] + self._nodes[2 * nodes + 1]

    def find(self, sums: np.ndarray) -> np.ndarray:
        """Index (n,) of the first number at which the running sum exceeds each of `sums` (n,) in [0, total).

        Never that of a zero, however `sums` are rounded; `total` must be above 0.
        """
        rest, nodes = np.array(sums, np.float64), np.ones(len(sums), np.int64)
        for _ in range(self._capacity.bit_length() - 1):
            nodes = 2 * nodes
            left = self._nodes[nodes]
            right = (rest >= left) & (self._nodes[nodes + 1] > 0.0)
            rest -= np.where(right, left, 0.0)
            nodes += right
        return nodes - self._capacity

    def _grow(self, count: int) -> None:
        if count > self._capacity:
            leaves = self.first(self._capacity)
            self._capacity = 1 << (count - 1).bit_length()
            self._nodes = np.zeros(2 * self._capacity)
            self._nodes[self._capacity : self._capacity + len(leaves)] = leaves
            self._sum_all()

    def _sum_all(self) -> None:
        level = self._capacity
        while level > 1:
            self._nodes[level // 2 : level] = self._nodes[level : 2 * level].reshape(-1, 2).sum(axis=1)
            level //= 2
