"""Figures of the learner: a whole update beside LeRobot's at the same network and batch, and the default's rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from robot_rl.bench.arm import arm_spec
from robot_rl.bench.learner_peer import LeRobotLearner, lerobot_installed
from robot_rl.bench.replay_stores import META, steps
from robot_rl.bench.turns import Progress, Stage, in_turns
from robot_rl.config.learning import EncoderConfig, LearnerConfig, SACConfig
from robot_rl.learning.compute import choose_device, choose_precision
from robot_rl.learning.learner import Learner
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.writer import ReplayWriter

EPISODE = 50

LEROBOT_ENCODER = EncoderConfig(
    kind="spatial",
    channels=(32, 32, 32, 32),
    kernels=(7, 5, 3, 3),
    strides=(2, 2, 2, 2),
    spatial_features=8,
    image_latent=256,
    proprio_latent=256,
)
"""LeRobot 0.4.4's default: convolutions shared by the cameras, 8 spatial embeddings, latents of 256."""
LEROBOT_SAC = SACConfig(encoder=LEROBOT_ENCODER, critics=2, critic_subset=2, initial_alpha=1.0, backup_entropy=True)


@dataclass(frozen=True)
class Sizes:
    """How much is measured: `FULL` for figures, `QUICK` to see that everything works."""

    images: tuple[int, ...] = (64, 128)
    transitions: int = 1000
    batch: int = 256
    warm_up: int = 5
    rounds: int = 15
    default_updates: int = 100


FULL = Sizes()
QUICK = Sizes((64,), 100, 8, 1, 2, 3)


class Updates(Protocol):
    """Something that makes updates."""

    def step(self) -> dict[str, float]:
        """One whole update."""


def learner_figures(folder: Path, sizes: Sizes, compiled: bool, stage: Stage) -> dict[str, Any]:
    """Median milliseconds of an update for each image size, ours and LeRobot's in turns, and their ratio.

    `lerobot_ms` and `ratio` are None where LeRobot is not installed. `default_updates_per_s` is the rate of the default
    configuration alone, at 64x64. All use as many threads as there are cores.
    """
    figures: dict[str, Any] = {}
    for image in sizes.images:
        reader = store(folder / f"{image}.zarr", image, sizes.transitions, stage(f"writing steps, {image}x{image}"))
        shared = LearnerConfig(sac=LEROBOT_SAC, batch_size=sizes.batch, threads=0, prior_share=0.0, utd=1.0)
        ways: dict[str, Updates] = {"ours": learner(shared, reader)}
        if lerobot_installed():
            ways["lerobot"] = LeRobotLearner(reader, sizes.batch, compiled)
        seconds = _timed(ways, sizes, stage(f"updates in turns, {image}x{image}"))
        figures[str(image)] = _compared(seconds)
    reader = store(folder / "default.zarr", 64, sizes.transitions, stage("writing steps for the default"))
    default = learner(LearnerConfig(threads=0), reader)
    taken = _timed(
        {"ours": default}, Sizes(warm_up=sizes.warm_up, rounds=sizes.default_updates), stage("default configuration")
    )
    figures["default_updates_per_s"] = round(1.0 / float(np.median(taken["ours"])), 2)
    precision = choose_precision("auto", choose_device("auto"))
    figures |= {"precision": str(precision).removeprefix("torch."), "threads": torch.get_num_threads()}
    return figures


def store(path: Path, image: int, transitions: int, progress: Progress) -> ReplayReader:
    """A store of random-looking steps of `arm_spec`."""
    spec = arm_spec(image)
    episodes = -(-transitions // EPISODE)
    with ReplayWriter.open(path, spec, META) as writer:
        for episode in range(episodes):
            records = steps(spec, (EPISODE + 1) * episode + np.arange(EPISODE + 1), EPISODE + 1)
            records["reward"] = records["is_terminal"]
            records["proprio"] = np.sin(records["proprio"])
            writer.append(records)
            writer.commit()
            progress(episode + 1, episodes)
    return ReplayReader(path)


def learner(config: LearnerConfig, reader: ReplayReader) -> Learner:
    """A learner on a store, at one thread a core."""
    made = Learner.from_stores(config, reader)
    made.refresh()
    return made


def _timed(ways: Mapping[str, Updates], sizes: Sizes, progress: Progress) -> dict[str, list[float]]:
    """Seconds of each update of all `ways`, in turns, with denormal numbers flushed as in training."""
    torch.set_flush_denormal(True)
    try:
        return in_turns({name: way.step for name, way in ways.items()}, sizes.rounds, sizes.warm_up, progress)
    finally:
        torch.set_flush_denormal(False)


def _compared(seconds: dict[str, list[float]]) -> dict[str, float | None]:
    median = {name: 1e3 * float(np.median(taken)) for name, taken in seconds.items()}
    theirs = median.get("lerobot")
    return {
        "ours_ms": round(median["ours"], 1),
        "lerobot_ms": None if theirs is None else round(theirs, 1),
        "ratio": None if theirs is None else round(theirs / median["ours"], 2),
    }
