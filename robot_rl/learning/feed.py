"""The sampler that feeds a learner, as its configuration wants it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from robot_rl.config.learning import LearnerConfig
from robot_rl.learning.compute import allocator
from robot_rl.learning.gripper import gripper_entry
from robot_rl.replay.mixed import MixedSampler
from robot_rl.replay.prefetch import Prefetcher
from robot_rl.replay.prioritised import PrioritisedSampler
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.sampler import ChangeCost, UniformSampler

CUDA_PREFETCH = 2
"""Batches drawn ahead where the learner computes on a CUDA device and the configuration leaves it open."""


def make_sampler(
    config: LearnerConfig, device: torch.device, online: ReplayReader, priors: Sequence[ReplayReader] = ()
) -> MixedSampler | Prefetcher:
    """Sampler of an online store, demonstration stores, and the interventions within the online store.

    SchemaError where the stores' specs, tasks or robots differ.
    """
    allocate, gripper = allocator(device), config.agent.gripper
    cost = ChangeCost(gripper_entry(gripper, online.spec.action), gripper.penalty) if gripper.penalty else None

    def pool(reader: ReplayReader, index: int, prior_only: bool = False) -> UniformSampler:
        n, discount, seed = config.n_step, config.discount, _stream(config.seed, index)
        options: dict[str, Any] = {
            "stack": config.agent.encoder.stack,
            "change_cost": cost,
            "takeover_fails": config.takeover_fails,
            "prior_only": prior_only,
        }
        if config.priority_exponent == 0.0:
            return UniformSampler(reader, n, discount, seed, allocate=allocate, **options)
        options |= {"exponent": config.priority_exponent, "importance": config.importance_exponent}
        return PrioritisedSampler(reader, n, discount, seed, allocate=allocate, **options)

    prior = [pool(reader, 3 + i) for i, reader in enumerate(priors)] + [pool(online, 2, prior_only=True)]
    sampler = MixedSampler(pool(online, 1), prior, config.prior_share, _stream(config.seed, 0))
    depth = config.prefetch if config.prefetch >= 0 else CUDA_PREFETCH * (device.type == "cuda")
    return Prefetcher(sampler, config.batch_size, depth) if depth else sampler


def _stream(seed: int, index: int) -> int:
    """Independent seed number `index` of a run's `seed`."""
    return int(np.random.SeedSequence([seed, index]).generate_state(1)[0])
