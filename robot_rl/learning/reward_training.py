"""Trains the networks of a reward classifier on labelled observations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np
import torch
from torch.nn import functional

from robot_rl.config.rewards import ClassifierConfig
from robot_rl.learning.augment import random_jitter, random_shift
from robot_rl.learning.compute import choose_precision
from robot_rl.learning.reward_classifier import RewardNetwork, probabilities

SCORE_BATCH = 1024


class Observations(Protocol):
    """Labelled observations: `labels` (n,) bool whether success is seen, `clear` (n,) bool whether that is certain."""

    labels: np.ndarray
    clear: np.ndarray

    def __len__(self) -> int:
        """Number of observations."""

    def images(self, indices: np.ndarray) -> np.ndarray:
        """Images uint8 (m, C, H, W, 3) of observations `indices` (m,)."""


def train_networks(
    frames: Observations, config: ClassifierConfig, progress: Callable[[int, int], None] = lambda done, total: None
) -> list[RewardNetwork]:
    """Networks that tell success on `frames`, each from another start and with other batches."""
    _, cameras, height, width, _ = frames.images(np.zeros(1, np.int64)).shape
    torch.manual_seed(config.seed)
    networks = []
    for member in range(config.members):
        network = RewardNetwork(cameras, height, width, config.dropout)
        rng, done = np.random.default_rng((config.seed, member)), member * config.steps
        for step, _ in enumerate(_fitting(network, frames, rng, config), 1):
            progress(done + step, config.members * config.steps)
        networks.append(network.eval())
    return networks


def scores_of(networks: Sequence[RewardNetwork], frames: Observations) -> np.ndarray:
    """Scores (n,) of all observations of `frames`."""
    parts = [np.arange(i, min(i + SCORE_BATCH, len(frames))) for i in range(0, len(frames), SCORE_BATCH)]
    return np.concatenate([np.empty(0), *(probabilities(networks, frames.images(part)) for part in parts)])


def _fitting(
    network: RewardNetwork, frames: Observations, rng: np.random.Generator, config: ClassifierConfig
) -> Iterator[None]:
    """Train `network`, yielding after each step: half of a batch shows success, whatever the data's share of it is."""
    adam = torch.optim.AdamW(network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    good, bad = np.flatnonzero(frames.labels), np.flatnonzero(frames.clear & ~frames.labels)
    half, precision = config.batch_size // 2, choose_precision("auto", torch.device("cpu"))
    target = torch.cat([torch.ones(half), torch.zeros(config.batch_size - half)])
    for step in range(config.steps):
        adam.param_groups[0]["lr"] = config.learning_rate * (1.0 - step / config.steps)
        chosen = np.concatenate([rng.choice(good, half), rng.choice(bad, config.batch_size - half)])
        images = random_jitter(random_shift(frames.images(chosen), config.shift, rng), config.jitter, rng)
        with torch.autocast("cpu", precision, precision is not torch.float32):
            odds = network(torch.from_numpy(images))
        loss = functional.binary_cross_entropy_with_logits(odds.float(), target)
        adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()
        yield
