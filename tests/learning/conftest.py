"""Small specs, batches and agents for the learning tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from robot_rl.config.learning import EncoderConfig, LearnerConfig, SACConfig
from robot_rl.core.record import Source, StepSpec
from robot_rl.core.spec import ActionSpec, ObservationSpec
from robot_rl.learning.learner import Learner
from robot_rl.replay.batch import Batch
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.writer import ReplayWriter

SPEC = StepSpec(ObservationSpec(("wrist", "front"), 16, 16, ("x", "y", "z")), ActionSpec(("dx", "gripper")))
META = {"task": "reach", "robot": "test"}
ENCODER = EncoderConfig(patch=4, patch_channels=8, channels=(8,), strides=(2,), image_latent=8, proprio_latent=8)
Stores = tuple[ReplayReader, ReplayReader]
CONFIG = SACConfig(encoder=ENCODER, hidden=(16, 16), shift=2)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Tests share the machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def spec() -> StepSpec:
    return SPEC


@pytest.fixture
def config() -> SACConfig:
    return CONFIG


def make_batch(spec: StepSpec, size: int, seed: int = 0, stack: int = 1) -> Batch:
    """Random transitions."""
    rng = np.random.default_rng(seed)
    batch = Batch.allocate(spec, size, stack=stack)
    for name in ("obs_images", "next_images"):
        batch[name][:] = rng.integers(0, 256, batch[name].shape, dtype=np.uint8)
    for name in ("obs_proprio", "next_proprio"):
        batch[name][:] = rng.normal(size=batch[name].shape)
    batch["action"][:] = rng.uniform(-1, 1, batch["action"].shape)
    batch["reward"][:] = rng.random(size) < 0.3
    batch["discount"][:] = 0.9 * (rng.random(size) < 0.7)
    batch["pool"][: size // 2] = 1
    batch["source"][: size // 2] = Source.SCRIPTED
    return batch


def write_episodes(path: Path, spec: StepSpec, episodes: int, length: int, source: Source, seed: int) -> None:
    """Append `episodes` of `length` actions each; the last one of each is rewarded and ends it."""
    rng = np.random.default_rng(seed)
    with ReplayWriter.open(path, spec, META) as writer:
        for episode in range(episodes):
            for index in range(length + 1):
                record = spec.empty()
                record["run_id"], record["seq"] = seed, episode * (length + 1) + index
                record["episode"], record["index"], record["source"] = episode, index, source
                record["is_first"], record["is_last"] = index == 0, index == length
                record["is_terminal"], record["reward"] = index == length, index == length - 1
                record["action"] = rng.uniform(-1, 1, spec.action.size)
                record["proprio"] = rng.normal(2.0, 3.0, len(spec.observation.proprio))
                for camera in spec.observation.cameras:
                    record[f"image_{camera}"] = rng.integers(0, 256, spec.observation.image_shape)
                writer.append(record)


@pytest.fixture
def batch(spec: StepSpec) -> Batch:
    return make_batch(spec, 12)


@pytest.fixture
def stores(tmp_path: Path, spec: StepSpec) -> Iterator[Stores]:
    """Online experience and demonstrations."""
    write_episodes(tmp_path / "online", spec, 6, 5, Source.POLICY, 1)
    write_episodes(tmp_path / "demos", spec, 3, 4, Source.SCRIPTED, 2)
    readers = ReplayReader(tmp_path / "online"), ReplayReader(tmp_path / "demos")
    yield readers
    for reader in readers:
        reader.close()


def make_learner(settings: LearnerConfig, stores: Stores) -> Learner:
    """A learner on both stores."""
    return Learner.from_stores(settings, stores[0], [stores[1]])
