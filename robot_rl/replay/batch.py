"""A batch of transitions as preallocated numpy arrays."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from robot_rl.core.record import StepSpec

Allocate = Callable[[tuple[int, ...], np.dtype], np.ndarray]


class Batch(dict[str, np.ndarray]):
    """Arrays of B transitions with C cameras of H x W images, P proprioception and A action values:

    `obs_images`, `next_images` (B, C, H, W, 3) uint8, whose memory is (C, B, H, W, 3): one camera's images, `[:, c]`,
    are contiguous; `obs_proprio`, `next_proprio` (B, P), `action` (B, A), `reward` (B,) (n-step discounted sum),
    `discount` (B,) (of the value of the next observation; 0 where the task ended), float32; `weight` (B,) float32, of
    the transition in a loss, at most 1; `indices` and `next_indices` (B,) int64, rows in the store of the observation
    and the next one; `pool` (B,) int32, 0 for online data, 1.. for the prior pools; `source` (B,) uint8, who chose the
    action (core.record.Source).

    Histories of K > 1 observations have an axis more, oldest first: images (B, K, C, H, W, 3) and proprioception
    (B, K, P), with `[:, k, c]` and `[:, k]` contiguous.
    """

    @classmethod
    def allocate(cls, spec: StepSpec, size: int, allocate: Allocate = np.zeros, stack: int = 1) -> Batch:
        """Arrays for `size` transitions with histories of `stack` observations, of weight 1.

        Memory comes from `allocate(shape, dtype)` (e.g. page-locked).
        """
        obs, floats = spec.observation, np.dtype(np.float32)
        batch = cls()
        for when in ("obs", "next"):
            shape = (stack, len(obs.cameras), size, *obs.image_shape)
            images = allocate(shape, np.dtype(np.uint8)).transpose(2, 0, 1, 3, 4, 5)
            proprio = allocate((stack, size, len(obs.proprio)), floats).swapaxes(0, 1)
            batch[f"{when}_images"] = images if stack > 1 else images[:, 0]
            batch[f"{when}_proprio"] = proprio if stack > 1 else proprio[:, 0]
        batch["action"] = allocate((size, spec.action.size), floats)
        for name in ("reward", "discount", "weight"):
            batch[name] = allocate((size,), floats)
        batch["weight"][:] = 1.0
        for name in ("indices", "next_indices"):
            batch[name] = allocate((size,), np.dtype(np.int64))
        batch["pool"] = allocate((size,), np.dtype(np.int32))
        batch["source"] = allocate((size,), np.dtype(np.uint8))
        return batch

    def part(self, start: int, stop: int) -> Batch:
        """Views of transitions start..stop-1."""
        return Batch({name: array[start:stop] for name, array in self.items()})


class BatchRing:
    """Batches handed out in turn, so that one can be filled while others are in use."""

    def __init__(self, count: int, allocate: Callable[[int], Batch]) -> None:
        """Hold `count` batches from `allocate(size)`, made at the first `next` of a size."""
        self._count, self._allocate = count, allocate
        self._batches: list[Batch] = []
        self._turn = 0

    def next(self, size: int) -> Batch:
        """The batch used longest ago; all are allocated anew when `size` changes."""
        if not self._batches or len(self._batches[0]["reward"]) != size:
            self._batches = [self._allocate(size) for _ in range(self._count)]
        self._turn = (self._turn + 1) % self._count
        return self._batches[self._turn]
