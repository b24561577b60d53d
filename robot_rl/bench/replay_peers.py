"""The same transitions drawn in four ways: our sampler, memcpy as the bound, TorchRL's buffer, plain zarr indexing.

Each draws `batch` transitions, o and o' with all cameras, uniformly with replacement. `Drawn` says what was drawn, so
that the ways can be checked against what was written.
"""

from __future__ import annotations

import importlib.util
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from robot_rl.bench.replay_stores import steps
from robot_rl.bench.turns import Progress
from robot_rl.core.errors import RobotRLError
from robot_rl.core.record import StepSpec
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.sampler import UniformSampler


@dataclass(frozen=True)
class Drawn:
    """Transitions from `rows` (B,): observations by field, action, reward and whether the task ended."""

    rows: np.ndarray
    now: dict[str, np.ndarray]
    then: dict[str, np.ndarray]
    action: np.ndarray
    reward: np.ndarray
    terminated: np.ndarray


class Way(Protocol):
    """A way to draw a batch."""

    name: str
    repeats: int
    """Batches to draw in a round: more where they are quick."""

    def draw(self) -> Any:
        """Draw a batch: what is timed."""

    def drawn(self, batch: Any) -> Drawn | None:
        """What `draw` returned; None where it holds no transitions."""


def batch_bytes(spec: StepSpec, batch: int) -> int:
    """Bytes of a batch: o and o', action, reward and discount; the same number counts for every way."""
    floats = 2 * len(spec.observation.proprio) + spec.action.size + 2
    frames = 2 * len(spec.observation.cameras) * int(np.prod(spec.observation.image_shape))
    return batch * (4 * floats + frames)


def observed(spec: StepSpec) -> list[str]:
    """Fields of a record that are its observation."""
    return [*(f"image_{camera}" for camera in spec.observation.cameras), "proprio"]


def torchrl_installed() -> bool:
    """True where the extra requirements of the benchmark are installed."""
    return importlib.util.find_spec("torchrl") is not None


def check(way: Way, spec: StepSpec) -> None:
    """Raise RobotRLError unless a batch of `way` holds the transitions that were written."""
    drawn = way.drawn(way.draw())
    if drawn is None:
        return
    now, then = steps(spec, drawn.rows), steps(spec, drawn.rows + 1)
    pairs = [(drawn.now[name], now[name]) for name in observed(spec)]
    pairs += [(drawn.then[name], then[name]) for name in observed(spec)]
    pairs += [(drawn.action, now["action"]), (drawn.reward, now["reward"])]
    pairs += [(drawn.terminated, then["is_terminal"] != 0)]
    if not len(drawn.rows) or not all(np.array_equal(found, true) for found, true in pairs):
        raise RobotRLError(f"'{way.name}' drew other transitions than were written: its figure would mean nothing.")


class Ours:
    """Our sampler, into its preallocated batches."""

    name, repeats = "ours", 8

    def __init__(self, reader: ReplayReader, batch: int) -> None:
        self._sampler, self._batch, self._spec = UniformSampler(reader), batch, reader.spec

    def draw(self) -> dict[str, np.ndarray]:
        """A batch."""
        return self._sampler.sample(self._batch)

    def drawn(self, batch: dict[str, np.ndarray]) -> Drawn:
        """What it holds."""
        rows, ended = batch["indices"], batch["discount"] == 0
        return Drawn(rows, self._half(batch, "obs"), self._half(batch, "next"), batch["action"], batch["reward"], ended)

    def _half(self, batch: dict[str, np.ndarray], side: str) -> dict[str, np.ndarray]:
        cameras = enumerate(self._spec.observation.cameras)
        images = {f"image_{camera}": batch[f"{side}_images"][:, number] for number, camera in cameras}
        return {**images, "proprio": batch[f"{side}_proprio"]}


class Memcpy:
    """`np.copyto` of one contiguous block of a batch's size.

    Source blocks lie in memory eight batches large and the destination alternates between two, as our batches do, so
    neither is in the cache.
    """

    name, repeats = "memcpy", 8

    def __init__(self, size: int) -> None:
        self._source = np.ones((8, size), np.uint8)
        self._target = np.ones((2, size), np.uint8)
        self._turn = 0

    def draw(self) -> None:
        """Copy the next block."""
        self._turn += 1
        np.copyto(self._target[self._turn % 2], self._source[self._turn % 8])

    def drawn(self, batch: None) -> None:
        """No transitions."""


class PlainZarr:
    """The arrays of our store read by zarr: one orthogonal selection of the distinct rows an array, then spread."""

    name, repeats = "zarr", 1

    def __init__(self, reader: ReplayReader, batch: int) -> None:
        import zarr

        self._group: Any = zarr.open_group(str(reader.path), mode="r")
        self._fields, self._transitions, self._batch = observed(reader.spec), reader.index.transitions, batch
        self._random = np.random.default_rng(0)

    def draw(self) -> Drawn:
        """A batch."""
        rows = self._transitions[self._random.integers(0, len(self._transitions), self._batch)]
        both = np.unique(np.concatenate([rows, rows + 1]))
        here, there = np.searchsorted(both, rows), np.searchsorted(both, rows + 1)
        names = (*self._fields, "action", "reward", "is_terminal")
        read = {name: self._group[name].oindex[both] for name in names}
        now, then = ({name: read[name][place] for name in self._fields} for place in (here, there))
        return Drawn(rows, now, then, read["action"][here], read["reward"][here], read["is_terminal"][there] != 0)

    def drawn(self, batch: Drawn) -> Drawn:
        """What it holds."""
        return batch


class TorchRL:
    """TorchRL's replay buffer on memory-mapped tensors: observation and next observation, a camera a tensor."""

    name, repeats = "torchrl", 4
    PART = 250

    def __init__(self, reader: ReplayReader, batch: int, folder: Path, progress: Progress) -> None:
        """Copy the store's transitions into a buffer below `folder`; ImportError without TorchRL."""
        from torchrl.data import LazyMemmapStorage, RandomSampler, TensorDictReplayBuffer

        logging.getLogger("torchrl").setLevel(logging.WARNING)
        self._fields, self._transitions = observed(reader.spec), reader.index.transitions
        count = len(self._transitions)
        storage = LazyMemmapStorage(count, scratch_dir=str(folder))
        self._buffer: Any = TensorDictReplayBuffer(storage=storage, sampler=RandomSampler(), batch_size=batch)
        for start in range(0, count, self.PART):
            self._buffer.extend(self._tensors(reader, self._transitions[start : start + self.PART]))
            progress(min(start + self.PART, count), count)

    def _tensors(self, reader: ReplayReader, rows: np.ndarray) -> Any:
        import torch
        from tensordict import TensorDict

        def tensor(name: str, at: np.ndarray) -> Any:
            return torch.from_numpy(reader.take(name, at))

        now, then = ({name: tensor(name, at) for name in self._fields} for at in (rows, rows + 1))
        terminated, done = (tensor(name, rows + 1)[:, None] != 0 for name in ("is_terminal", "is_last"))
        outcome = {"reward": tensor("reward", rows)[:, None], "terminated": terminated, "done": done}
        following = {"observation": then, **outcome}
        return TensorDict(
            {"observation": now, "action": tensor("action", rows), "next": following}, batch_size=[len(rows)]
        )

    def draw(self) -> Any:
        """A batch."""
        return self._buffer.sample()

    def drawn(self, batch: Any) -> Drawn:
        """What it holds."""
        following = batch["next"]
        now, then = ({name: part["observation", name].numpy() for name in self._fields} for part in (batch, following))
        reward, ended = following["reward"][:, 0].numpy(), following["terminated"][:, 0].numpy()
        return Drawn(self._transitions[batch["index"].numpy()], now, then, batch["action"].numpy(), reward, ended)
