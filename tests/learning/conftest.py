"""Small specs, batches and agents for the learning tests."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from robot_rl.config.learning import EncoderConfig, SACConfig
from robot_rl.core.record import StepSpec
from robot_rl.core.spec import ActionSpec, ObservationSpec
from robot_rl.replay.batch import Batch

SPEC = StepSpec(ObservationSpec(("wrist", "front"), 16, 16, ("x", "y", "z")), ActionSpec(("dx", "gripper")))
ENCODER = EncoderConfig(patch=4, patch_channels=8, channels=(8,), strides=(2,), image_latent=8, proprio_latent=8)
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


def make_batch(spec: StepSpec, size: int, seed: int = 0) -> Batch:
    """Random transitions."""
    rng = np.random.default_rng(seed)
    batch = Batch.allocate(spec, size)
    for name in ("obs_images", "next_images"):
        batch[name][:] = rng.integers(0, 256, batch[name].shape, dtype=np.uint8)
    for name in ("obs_proprio", "next_proprio"):
        batch[name][:] = rng.normal(size=batch[name].shape)
    batch["action"][:] = rng.uniform(-1, 1, batch["action"].shape)
    batch["reward"][:] = rng.random(size) < 0.3
    batch["discount"][:] = 0.9 * (rng.random(size) < 0.7)
    batch["pool"][: size // 2] = 1
    return batch


@pytest.fixture
def batch(spec: StepSpec) -> Batch:
    return make_batch(spec, 12)
