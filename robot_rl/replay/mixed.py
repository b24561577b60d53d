"""Batches that mix online experience with prior data (demonstrations, interventions)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from robot_rl.core.errors import RobotRLError, UsageError
from robot_rl.replay.batch import Batch, BatchRing
from robot_rl.replay.sampler import UniformSampler


class MixedSampler:
    """A fixed share of every batch from prior pools (each transition in them equally likely), the rest online.

    While one side is empty, all comes from the other (RLPD's symmetric sampling, Ball et al. 2023, at share 0.5).
    """

    def __init__(
        self,
        online: UniformSampler,
        prior: Sequence[UniformSampler] = (),
        share: float = 0.5,
        seed: int = 0,
        *,
        buffers: int = 2,
    ) -> None:
        """Mix `online` with `prior` samplers of the same spec, task and robot (SchemaError if not) and stack.

        Prior pools are usually a sampler for each store of demonstrations and a `prior_only` one on the online store.
        """
        meta = {key: value for key, value in online.reader.meta.items() if key in ("task", "robot")}
        for sampler in prior:
            sampler.reader.layout.require(online.reader.spec, meta, sampler.reader.path)
            if sampler.stack != online.stack:
                raise UsageError(f"prior sampler has stack {sampler.stack}, online {online.stack}: give both the same.")
        self.online, self.prior, self.share = online, tuple(prior), share
        self._random = np.random.Generator(np.random.PCG64(seed))
        self._ring = BatchRing(buffers, online.allocate)

    @property
    def size(self) -> int:
        """Number of transitions in all pools together; an intervention counts in each of its two."""
        return self.online.size + sum(pool.size for pool in self.prior)

    @property
    def steps(self) -> int:
        """Number of online transitions."""
        return self.online.steps

    def refresh(self) -> None:
        """Take in rows committed to the online store since."""
        self.online.refresh()

    def allocate(self, size: int) -> Batch:
        """A new batch that `fill` can fill, of the online sampler's memory."""
        return self.online.allocate(size)

    def sample(self, batch: int) -> Batch:
        """A batch of `batch` transitions: pool by pool, prior ones first (`pool` says which is from where)."""
        arrays = self._ring.next(batch)
        self.fill(arrays)
        return arrays

    def fill(self, batch: Batch) -> None:
        """Draw transitions into `batch`, as `sample` does."""
        if not self.size:
            raise RobotRLError(f"replay store '{self.online.reader.path}' is empty and so is prior data: record first.")
        for sampler, pool, part in self._parts(batch, self._counts(len(batch["reward"]))):
            sampler.draw(part)
            part["pool"][:] = pool
        batch["weight"] /= batch["weight"].max()

    def update(self, batch: Mapping[str, np.ndarray], td_errors: np.ndarray) -> None:
        """Hand the TD errors (B,) of the transitions in `batch` (`indices`, `pool`) to the pools they came from."""
        rows, pools = batch["indices"], batch["pool"]
        for position, sampler in enumerate(self._samplers):
            mine = pools == self._number(position)
            sampler.update({"indices": rows[mine]}, td_errors[mine])

    def recall(self, batch: Batch) -> bool:
        """Fill `batch` with the transitions that its `indices` and `pool` name; False where one is not there."""
        numbers = np.bincount(batch["pool"], minlength=len(self._samplers))
        counts = [int(numbers[self._number(position)]) for position in range(len(self._samplers))]
        return all(sampler.recall(part) for sampler, _, part in self._parts(batch, counts))

    def _parts(self, batch: Batch, counts: Sequence[int]) -> Iterator[tuple[UniformSampler, int, Batch]]:
        """Each pool that gives one of `counts` transitions: sampler, number and its part of `batch`."""
        start = 0
        for position, (sampler, count) in enumerate(zip(self._samplers, counts, strict=True)):
            if count:
                yield sampler, self._number(position), batch.part(start, start + count)
                start += count

    def _number(self, position: int) -> int:
        """What `pool` calls the sampler at `position`: 0 the last one, online."""
        return (position + 1) % len(self._samplers)

    @property
    def _samplers(self) -> tuple[UniformSampler, ...]:
        return (*self.prior, self.online)

    def _counts(self, batch: int) -> list[int]:
        """How many transitions each of the prior pools and the online one give."""
        sizes = np.array([pool.size for pool in self.prior], np.int64)
        total = int(sizes.sum())
        share = 0.0 if not total else 1.0 if not self.online.size else self.share
        wanted = round(batch * share)
        counts = [0] * len(sizes)
        if wanted:
            bounds = np.cumsum(sizes)
            drawn = np.searchsorted(bounds, self._random.integers(0, total, wanted), side="right")
            counts = np.bincount(drawn, minlength=len(sizes)).tolist()
        return [*counts, batch - wanted]

    def state(self) -> dict[str, Any]:
        """What continues the sequence of batches exactly; see UniformSampler."""
        return {"random": self._random.bit_generator.state, "pools": [pool.state() for pool in self._samplers]}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from a `state` of a sampler with as many pools."""
        self._random.bit_generator.state = state["random"]
        for pool, saved in zip(self._samplers, state["pools"], strict=True):
            pool.restore(saved)
