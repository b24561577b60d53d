"""Uniform batches of n-step transitions from a store."""

from __future__ import annotations

from typing import Any

import numpy as np

from robot_rl.core.errors import RobotRLError
from robot_rl.replay.batch import Allocate, Batch, BatchRing
from robot_rl.replay.reader import ReplayReader


class UniformSampler:
    """Draws transitions with equal probability, with replacement; the same seed and rows give the same batches.

    The transition from row i ends at row j = min(i + n, its episode's last row): reward = sum of g^k r_(i+k) for
    k < j - i, discount = g^(j - i), 0 where j is terminal. A time limit is no termination: its discount stays.
    """

    def __init__(
        self,
        reader: ReplayReader,
        n_step: int = 1,
        discount: float = 0.97,
        seed: int = 0,
        *,
        prior_only: bool = False,
        buffers: int = 2,
        allocate: Allocate = np.zeros,
    ) -> None:
        """Sample from `reader`, whose `refresh` is the caller's to call.

        With `prior_only`, only steps of demonstrations and interventions. A batch from `sample` stays as it is until
        `buffers` - 1 more were drawn.
        """
        self.reader, self._n, self._prior_only = reader, n_step, prior_only
        self._powers = discount ** np.arange(n_step + 1, dtype=np.float64)
        self._random = np.random.Generator(np.random.PCG64(seed))
        self._ring = BatchRing(reader.spec, buffers, allocate)

    @property
    def size(self) -> int:
        """Number of transitions there are to draw from."""
        return len(self._pool)

    @property
    def _pool(self) -> np.ndarray:
        return self.reader.index.prior if self._prior_only else self.reader.index.transitions

    def sample(self, batch: int) -> Batch:
        """A batch of `batch` transitions, in preallocated arrays; RobotRLError while there is none."""
        arrays = self._ring.next(batch)
        self.fill(arrays)
        arrays["pool"][:] = 0
        return arrays

    def fill(self, batch: Batch) -> None:
        """Draw transitions into all of `batch` but its `pool`."""
        if not self.size:
            raise RobotRLError(
                f"replay store '{self.reader.path}' has no transition to sample yet: record steps first."
            )
        self.gather(self._pool[self._random.integers(0, self.size, len(batch["reward"]))], batch)

    def gather(self, rows: np.ndarray, batch: Batch) -> None:
        """Put the transitions from `rows` (B,) into `batch`."""
        take, last = self.reader.take, self.reader.index.last(rows)
        successor = np.minimum(rows + self._n, last)
        for camera, name in enumerate(self.reader.spec.observation.cameras):
            take(f"image_{name}", rows, batch["obs_images"][:, camera])
            take(f"image_{name}", successor, batch["next_images"][:, camera])
        take("proprio", rows, batch["obs_proprio"])
        take("proprio", successor, batch["next_proprio"])
        take("action", rows, batch["action"])
        batch["indices"][:] = rows
        batch["reward"][:] = self._returns(rows, successor)
        batch["discount"][:] = self._powers[successor - rows] * (take("is_terminal", successor) == 0)

    def _returns(self, rows: np.ndarray, successor: np.ndarray) -> np.ndarray:
        total = np.zeros(len(rows))
        for k in range(self._n):
            reward = self.reader.take("reward", np.minimum(rows + k, successor))
            total += np.where(rows + k < successor, self._powers[k] * reward, 0.0)
        return total

    def state(self) -> dict[str, Any]:
        """What continues the sequence of draws exactly, as JSON can hold it."""
        return {"random": self._random.bit_generator.state}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a `state`."""
        self._random.bit_generator.state = state["random"]
