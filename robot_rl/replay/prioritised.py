"""Batches in which surprising transitions are more frequent (Schaul et al. 2016, proportional variant)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from robot_rl.core.errors import RobotRLError
from robot_rl.replay.batch import Allocate
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.sampler import ChangeCost, UniformSampler
from robot_rl.replay.sum_tree import SumTree

FLOOR = 1e-6
"""Added to the size of a TD error, so that no transition is lost for good."""


class PrioritisedSampler(UniformSampler):
    """Draws a transition with probability P = p / sum of p, where p = (|TD error| + FLOOR)^`exponent`.

    What was never updated has the largest priority that ever was. A draw of B takes one transition from each of B
    equal shares of the sum. Weights are (N P)^-`importance`, which with 1 makes weighted means those of uniform draws.
    """

    def __init__(
        self,
        reader: ReplayReader,
        n_step: int = 1,
        discount: float = 0.97,
        seed: int = 0,
        *,
        exponent: float = 0.6,
        importance: float = 0.4,
        stack: int = 1,
        change_cost: ChangeCost | None = None,
        takeover_fails: bool = False,
        prior_only: bool = False,
        buffers: int = 2,
        allocate: Allocate = np.zeros,
    ) -> None:
        """Sample from `reader` as a UniformSampler of the same parameters does."""
        super().__init__(
            reader,
            n_step,
            discount,
            seed,
            stack=stack,
            change_cost=change_cost,
            takeover_fails=takeover_fails,
            prior_only=prior_only,
            buffers=buffers,
            allocate=allocate,
        )
        self._exponent, self._importance = exponent, importance
        self._tree = SumTree()  # by row of the store; rows that are not drawn from have priority 0
        self._known, self._largest = 0, 1.0

    def priorities(self, rows: np.ndarray) -> np.ndarray:
        """Priority p (n,) of the transitions from `rows` (n,), 0 where there is none."""
        self._admit()
        return self._tree[rows]

    def update(self, batch: Mapping[str, np.ndarray], td_errors: np.ndarray) -> None:
        """Set the priorities of the transitions in `batch` (its `indices` (B,) say which) from their TD errors (B,).

        RobotRLError, and nothing changed, where an error is no finite number or a transition was never drawn from.
        """
        rows = np.asarray(batch["indices"])
        priorities = (np.abs(td_errors.astype(np.float64)) + FLOOR) ** self._exponent
        if not np.isfinite(priorities).all():
            raise RobotRLError(f"TD errors {td_errors} are not all finite: their priorities stay, drop the update.")
        if not (self._tree[rows] > 0.0).all():
            raise RobotRLError(f"rows {rows} are not all transitions of '{self.reader.path}': pass a batch drawn here.")
        self._tree.set(rows, priorities)
        self._largest = max(self._largest, float(priorities.max(initial=0.0)))

    def _choose(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        self._admit()
        total = self._tree.total
        rows = self._tree.find((np.arange(count) + self._random.random(count)) * (total / count))
        return rows, (self.size * self._tree[rows] / total) ** -self._importance

    def _admit(self) -> None:
        """Give the transitions that came since the largest priority."""
        pool = self._pool
        self._tree.set(pool[self._known :], self._largest)
        self._known = len(pool)

    def state(self) -> dict[str, Any]:
        """As of a UniformSampler, with `priorities` (rows,) float64 by row of the store."""
        rows = int(self._pool[self._known - 1]) + 1 if self._known else 0
        return super().state() | {"priorities": self._tree.first(rows), "largest": self._largest}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from a `state`; one of a UniformSampler makes all transitions new.

        Of a store with other rows than then, transitions without a saved priority are new and others are forgotten.
        """
        super().restore(state)
        saved, self._largest = state.get("priorities", np.zeros(0)), state.get("largest", 1.0)
        known = self._pool[: np.searchsorted(self._pool, len(saved))]
        self._tree, self._known = SumTree(), len(known)
        self._tree.set(known, np.where(saved[known] > 0.0, saved[known], self._largest))
