"""A batch of transitions as preallocated numpy arrays."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from robot_rl.core.record import StepSpec

Allocate = Callable[[tuple[int, ...], np.dtype], np.ndarray]


class Batch(dict[str, np.ndarray]):
    """Arrays of B transitions with C cameras of S x S images, P proprioception and A action values:

    `obs_images`, `next_images` (B, C, S, S, 3) uint8, whose memory is (C, B, S, S, 3): one camera's images, `[:, c]`,
    are contiguous; `obs_proprio`, `next_proprio` (B, P), `action` (B, A), `reward` (B,) (n-step discounted sum),
    `discount` (B,) (of the value of the next observation; 0 where the task ended), float32; `indices` (B,) int64, row
    in the store that the transition is from; `pool` (B,) int32, 0 for online data, 1.. for the prior pools.
    """

    @classmethod
    def allocate(cls, spec: StepSpec, size: int, allocate: Allocate = np.zeros) -> Batch:
        """Arrays for `size` transitions from `allocate(shape, dtype)` (e.g. page-locked memory)."""
        obs, floats = spec.observation, np.dtype(np.float32)
        cameras, proprio = len(obs.cameras), len(obs.proprio)
        batch = cls()
        for name in ("obs_images", "next_images"):
            batch[name] = allocate((cameras, size, *obs.image_shape), np.dtype(np.uint8)).swapaxes(0, 1)
        for name in ("obs_proprio", "next_proprio"):
            batch[name] = allocate((size, proprio), floats)
        batch["action"] = allocate((size, spec.action.size), floats)
        batch["reward"] = allocate((size,), floats)
        batch["discount"] = allocate((size,), floats)
        batch["indices"] = allocate((size,), np.dtype(np.int64))
        batch["pool"] = allocate((size,), np.dtype(np.int32))
        return batch

    def part(self, start: int, stop: int) -> Batch:
        """Views of transitions start..stop-1."""
        return Batch({name: array[start:stop] for name, array in self.items()})


class BatchRing:
    """Batches handed out in turn, so that one can be filled while another is in use."""

    def __init__(self, spec: StepSpec, count: int, allocate: Allocate = np.zeros) -> None:
        """Hold `count` batches, allocated at the first `next` of a size."""
        self._spec, self._count, self._allocate = spec, count, allocate
        self._batches: list[Batch] = []
        self._turn = 0

    def next(self, size: int) -> Batch:
        """The batch used longest ago; all are allocated anew when `size` changes."""
        if not self._batches or len(self._batches[0]["reward"]) != size:
            self._batches = [Batch.allocate(self._spec, size, self._allocate) for _ in range(self._count)]
        self._turn = (self._turn + 1) % self._count
        return self._batches[self._turn]
