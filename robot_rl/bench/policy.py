"""Figures of acting: image to action for SAC and QT-Opt, beside a bare forward pass of the same encoder."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import get_context

import numpy as np
import torch

from robot_rl.bench.arm import arm_spec
from robot_rl.bench.turns import Progress, in_turns
from robot_rl.config.learning import CEMConfig, LearnerConfig
from robot_rl.config.nodes import LearnerNodeConfig
from robot_rl.core.record import StepSpec
from robot_rl.learning.acting import Actor, load_actor
from robot_rl.learning.algorithms import make_agent
from robot_rl.learning.weights import WeightsMeta, pack
from robot_rl.replay.batch import Batch

SEARCH = CEMConfig(samples=64, elites=6, iterations=3)
WARM_UP = 30
LEARNER_START_S = 6.0
"""Time that the other process gets to be at work."""


def learn_forever(nice: int) -> None:
    """Make updates of the default configuration on all cores, at a learner's niceness: what a policy has beside it."""
    os.nice(nice)
    config, spec = LearnerConfig(), arm_spec()
    agent = make_agent(config, spec, torch.device("cpu"), torch.float32)
    batch = Batch.allocate(spec, config.batch_size)
    while True:
        agent.update(batch)


def policy_figures(repeats: int, progress: Progress) -> dict[str, float]:
    """Percentiles [ms] of one observation to one action, in turns, on one thread as the policy node has.

    `encoder` is the forward pass of SAC's encoder alone; both policies have the same. Then the same again, `busy_`,
    while a learner works in another process.
    """
    torch.set_num_threads(1)
    ways, figures = _ways(), {}
    for prefix in ("", "busy_"):
        with _company(bool(prefix)):
            seconds = in_turns(ways, repeats, WARM_UP, progress)
        for name, taken in seconds.items():
            figures[f"{prefix}{name}_p50_ms"] = round(1e3 * float(np.percentile(taken, 50)), 3)
            figures[f"{prefix}{name}_p99_ms"] = round(1e3 * float(np.percentile(taken, 99)), 3)
        for name in ("sac", "qt_opt"):
            ratio = figures[f"{prefix}{name}_p50_ms"] / figures[f"{prefix}encoder_p50_ms"]
            figures[f"{prefix}{name}_ratio"] = round(ratio, 2)
    return figures


def _ways() -> dict[str, Callable[[], object]]:
    spec, rng = arm_spec(), np.random.default_rng(0)
    shape = spec.observation.image_shape
    images = {camera: rng.integers(0, 256, shape, dtype=np.uint8) for camera in spec.observation.cameras}
    proprio = rng.normal(size=len(spec.observation.proprio)).astype(np.float32)
    sac, qt_opt = _actor("sac", spec), _actor("qt_opt", spec)
    stacked = torch.from_numpy(np.stack(list(images.values()))[None])
    vector = torch.from_numpy(proprio[None])
    encoder = make_agent(LearnerConfig(), spec, torch.device("cpu"), torch.float32).actor.encoder

    @torch.inference_mode()
    def bare() -> object:
        return encoder(stacked, vector)

    return {
        "encoder": bare,
        "sac": lambda: sac.act(images, proprio, sample=True),
        "qt_opt": lambda: qt_opt.act(images, proprio),
    }


def _actor(algorithm: str, spec: StepSpec) -> Actor:
    """An actor from packed weights, as the policy node makes it."""
    config = LearnerConfig(algorithm=algorithm)
    config = replace(config, qt_opt=replace(config.qt_opt, cem=SEARCH))
    agent = make_agent(config, spec, torch.device("cpu"), torch.float32)
    actor = load_actor(pack(WeightsMeta(1, algorithm, config.agent, spec), agent.actor_tensors()))
    actor.begin()
    return actor


@contextmanager
def _company(wanted: bool) -> Iterator[None]:
    """A learner in another process meanwhile."""
    if not wanted:
        yield
        return
    process = get_context("spawn").Process(target=learn_forever, args=(LearnerNodeConfig().nice,), daemon=True)
    process.start()
    try:
        time.sleep(LEARNER_START_S)
        yield
    finally:
        process.kill()
        process.join()
