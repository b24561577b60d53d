"""Uniform batches of n-step transitions from a store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from robot_rl.core.errors import RobotRLError, UsageError
from robot_rl.replay.batch import Allocate, Batch, BatchRing
from robot_rl.replay.reader import ReplayReader


class ChangeCost(NamedTuple):
    """What it costs to move entry `entry` of the action from -1 to 1, or back; less moves cost in proportion."""

    entry: int
    cost: float


class UniformSampler:
    """Draws transitions with equal probability, with replacement; the same seed and rows give the same batches.

    The transition from row i ends at row j = min(i + n, its episode's last row, the next row at which a person takes
    over): reward = sum of g^k r_(i+k) for k < j - i, discount = g^(j - i), 0 where j is terminal. A time limit is no
    termination: its discount stays. What a person rescues is no merit of the policy's actions before; what the policy
    does after a person's is what those lead to, so giving back control ends no transition. With `takeover_fails` the
    discount is 0 at a takeover too: having made a person step in is a failure (RLIF, Luo et al. 2024).
    A history of K observations ends at i, that of the next observation at j; before an episode's first row there is
    that row again.
    """

    def __init__(
        self,
        reader: ReplayReader,
        n_step: int = 1,
        discount: float = 0.97,
        seed: int = 0,
        *,
        stack: int = 1,
        change_cost: ChangeCost | None = None,
        takeover_fails: bool = False,
        prior_only: bool = False,
        buffers: int = 2,
        allocate: Allocate = np.zeros,
    ) -> None:
        """Sample from `reader`, with histories of `stack` observations; UsageError if that is below 1.

        With `prior_only`, only steps of demonstrations and interventions. A batch from `sample` stays as it is until
        `buffers` - 1 more were drawn.
        """
        if stack < 1:
            raise UsageError(f"stack is {stack}: a history has at least the present observation, give 1 or more.")
        self.reader, self.stack, self._n, self._prior_only = reader, stack, n_step, prior_only
        self._change_cost, self._takeover_fails = change_cost, takeover_fails
        self._powers = discount ** np.arange(n_step + 1, dtype=np.float64)
        self._random = np.random.Generator(np.random.PCG64(seed))
        self._allocate = allocate
        self._ring = BatchRing(buffers, self.allocate)

    @property
    def size(self) -> int:
        """Number of transitions there are to draw from."""
        return len(self._pool)

    @property
    def steps(self) -> int:
        """Number of transitions in the store, whether they are drawn from or not."""
        return len(self.reader.index.transitions)

    @property
    def _pool(self) -> np.ndarray:
        return self.reader.index.prior if self._prior_only else self.reader.index.transitions

    def refresh(self) -> None:
        """Take in rows committed to the store since."""
        self.reader.refresh()

    def allocate(self, size: int) -> Batch:
        """A new batch that `fill` can fill."""
        return Batch.allocate(self.reader.spec, size, self._allocate, self.stack)

    def sample(self, batch: int) -> Batch:
        """A batch of `batch` transitions, in preallocated arrays; RobotRLError while there is none."""
        arrays = self._ring.next(batch)
        self.fill(arrays)
        return arrays

    def fill(self, batch: Batch) -> None:
        """Draw transitions into `batch`, as `sample` does."""
        self.draw(batch)
        batch["pool"][:] = 0
        batch["weight"] /= batch["weight"].max()

    def draw(self, batch: Batch) -> None:
        """Draw transitions into all of `batch` but its `pool`; its weights are of mean 1 over the draws."""
        if not self.size:
            raise RobotRLError(
                f"replay store '{self.reader.path}' has no transition to sample yet: record steps first."
            )
        rows, batch["weight"][:] = self._choose(len(batch["reward"]))
        self.gather(rows, batch)

    def _choose(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows (n,) that begin the drawn transitions, and the transitions' weights (n,)."""
        return self._pool[self._random.integers(0, self.size, count)], np.ones(count)

    def update(self, batch: Mapping[str, np.ndarray], td_errors: np.ndarray) -> None:
        """Take the TD errors (B,) of the transitions in `batch`: no matter to uniform draws."""

    def recall(self, batch: Batch) -> bool:
        """Fill `batch` with the transitions that its `indices` name, its pool and weight left as they are.

        False, and nothing filled, where one of them is not among those drawn from.
        """
        rows, pool = batch["indices"], self._pool
        if not np.isin(rows, pool).all():
            return False
        self.gather(rows, batch)
        return True

    def gather(self, rows: np.ndarray, batch: Batch) -> None:
        """Put the transitions from `rows` (B,) into `batch`."""
        take, index = self.reader.take, self.reader.index
        takeover, first = index.takeover(rows), index.first(rows)
        successor = np.minimum(np.minimum(rows + self._n, index.last(rows)), takeover)
        self._gather_history(rows, first, batch["obs_images"], batch["obs_proprio"])
        self._gather_history(successor, first, batch["next_images"], batch["next_proprio"])
        take("action", rows, batch["action"])
        take("source", rows, batch["source"])
        batch["indices"][:], batch["next_indices"][:] = rows, successor
        batch["reward"][:] = self._returns(rows, successor, first)
        ends = take("is_terminal", successor) != 0
        if self._takeover_fails:
            ends |= successor == takeover
        batch["discount"][:] = self._powers[successor - rows] * ~ends

    def _gather_history(self, rows: np.ndarray, first: np.ndarray, images: np.ndarray, proprio: np.ndarray) -> None:
        """Observations up to `rows` (B,) of the pieces that begin at `first` (B,)."""
        if self.stack == 1:
            images, proprio = images[:, None], proprio[:, None]
        for k in range(self.stack):
            frame = np.maximum(rows - (self.stack - 1 - k), first)
            for camera, name in enumerate(self.reader.spec.observation.cameras):
                self.reader.take(f"image_{name}", frame, images[:, k, camera])
            self.reader.take("proprio", frame, proprio[:, k])

    def _returns(self, rows: np.ndarray, successor: np.ndarray, first: np.ndarray) -> np.ndarray:
        total = np.zeros(len(rows))
        for k in range(self._n):
            here = np.minimum(rows + k, successor)
            reward = self.reader.take("reward", here)
            if self._change_cost is not None:
                reward = reward - self._cost(self._change_cost, here, first)
            total += np.where(rows + k < successor, self._powers[k] * reward, 0.0)
        return total

    def _cost(self, change: ChangeCost, rows: np.ndarray, first: np.ndarray) -> np.ndarray:
        """What the change to the actions of `rows` (B,) costs, (B,), in pieces that begin at `first` (B,)."""
        before, after = (self.reader.take("action", at)[:, change.entry] for at in (np.maximum(rows - 1, first), rows))
        return 0.5 * change.cost * np.abs(after - before)

    def state(self) -> dict[str, Any]:
        """What continues the sequence of draws exactly: values that JSON can hold, or numpy arrays."""
        return {"random": self._random.bit_generator.state}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from a `state`."""
        self._random.bit_generator.state = state["random"]
