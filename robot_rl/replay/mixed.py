"""Batches that mix online experience with prior data (demonstrations, interventions)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from robot_rl.core.errors import RobotRLError
from robot_rl.replay.batch import Allocate, Batch, BatchRing
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
        allocate: Allocate = np.zeros,
    ) -> None:
        """Mix `online` with `prior` samplers of the same spec, task and robot (SchemaError if not).

        Prior pools are usually a sampler for each store of demonstrations and a `prior_only` one on the online store.
        """
        meta = {key: value for key, value in online.reader.meta.items() if key in ("task", "robot")}
        for sampler in prior:
            sampler.reader.layout.require(online.reader.spec, meta, sampler.reader.path)
        self.online, self.prior, self.share = online, tuple(prior), share
        self._random = np.random.Generator(np.random.PCG64(seed))
        self._ring = BatchRing(online.reader.spec, buffers, allocate)

    @property
    def size(self) -> int:
        """Number of transitions in all pools together; an intervention counts in each of its two."""
        return self.online.size + sum(pool.size for pool in self.prior)

    def sample(self, batch: int) -> Batch:
        """A batch of `batch` transitions: pool by pool, prior ones first (`pool` says which is from where)."""
        if not self.size:
            raise RobotRLError(f"replay store '{self.online.reader.path}' is empty and so is prior data: record first.")
        arrays = self._ring.next(batch)
        start = 0
        for pool, count in enumerate(self._counts(batch)):
            if count:
                part = arrays.part(start, start + count)
                self._samplers[pool].fill(part)
                part["pool"][:] = (pool + 1) % len(self._samplers)
                start += count
        return arrays

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
        """What continues the sequence of batches exactly, as JSON can hold it."""
        return {"random": self._random.bit_generator.state, "pools": [pool.state() for pool in self._samplers]}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a `state` of a sampler with as many pools."""
        self._random.bit_generator.state = state["random"]
        for pool, saved in zip(self._samplers, state["pools"], strict=True):
            pool.restore(saved)
