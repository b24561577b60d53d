"""The algorithms on Pendulum-v1 from its state, in process: the field's smallest check that an actor-critic learns."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from robot_rl.config.learning import AgentConfig, SACConfig, TD3Config
from robot_rl.core.record import StepSpec
from robot_rl.core.spec import ActionSpec, ObservationSpec
from robot_rl.learning.algorithms import ALGORITHMS
from robot_rl.learning.critic_agent import CriticAgent
from robot_rl.replay.batch import Batch

SPEC = StepSpec(ObservationSpec((), 1, 1, ("cos", "sin", "speed")), ActionSpec(("torque",)))
SHARED: dict[str, Any] = {"critics": 2, "learning_rate": 1e-3, "shift": 0}
CONFIGS: dict[str, AgentConfig] = {
    "sac": SACConfig(**SHARED, alpha_learning_rate=1e-3, initial_alpha=0.2, target_entropy=-1.0),
    "td3": TD3Config(**SHARED),
}
MAX_TORQUE, REWARD_SCALE, DISCOUNT = 2.0, 1.0 / 16.0, 0.98
START_STEPS, BATCH = 500, 128


@dataclass(frozen=True)
class Sizes:
    """How long it learns and how it is judged."""

    steps: int = 10_000
    every: int = 1000
    episodes: int = 10


def gymnasium_installed() -> bool:
    """True where the extra requirement of the benchmark is installed."""
    return importlib.util.find_spec("gymnasium") is not None


def pendulum_figures(algorithm: str, seed: int, sizes: Sizes, progress: Callable[[int, int], None]) -> dict[str, Any]:
    """Mean return of `episodes` episodes of the best known action, every `every` environment steps.

    One update a step on state alone; every episode ends by its time limit of 200 steps, which is no termination.
    """
    import gymnasium

    began, rng = time.monotonic(), np.random.default_rng(seed)
    agent = ALGORITHMS[algorithm].agent(CONFIGS[algorithm], SPEC, seed=seed)
    noise = torch.Generator().manual_seed(seed)
    training, judging = gymnasium.make("Pendulum-v1"), gymnasium.make("Pendulum-v1")
    memory, curve = Batch.allocate(SPEC, sizes.steps), []
    memory["discount"][:], memory["weight"][:] = DISCOUNT, 1.0
    seen = training.reset(seed=seed)[0]
    for step in range(sizes.steps):
        action = rng.uniform(-1, 1, 1) if step < START_STEPS else act(agent, seen, noise, sample=True)
        after, reward, _, truncated, _ = training.step(MAX_TORQUE * np.asarray(action, np.float32))
        row = {"obs_proprio": seen, "next_proprio": after, "action": action, "reward": REWARD_SCALE * float(reward)}
        for name, value in row.items():
            memory[name][step] = value
        seen = training.reset()[0] if truncated else after
        if step >= START_STEPS:
            rows = rng.integers(0, step + 1, BATCH)
            agent.update(Batch({name: array[rows] for name, array in memory.items()}))
        if (step + 1) % sizes.every == 0:
            curve.append(round(judge(agent, judging, sizes.episodes, seed), 1))
            progress(step + 1, sizes.steps)
    return {"algorithm": algorithm, "seed": seed, "curve": curve, "wall_s": round(time.monotonic() - began, 1)}


def judge(agent: CriticAgent, environment: Any, episodes: int, seed: int) -> float:
    """Mean return of the best known actions over `episodes` episodes from states that belong to `seed`."""
    noise, total = torch.Generator(), 0.0
    for episode in range(episodes):
        seen, over = environment.reset(seed=10_000 + 100 * seed + episode)[0], False
        while not over:
            action = act(agent, seen, noise, sample=False)
            seen, reward, _, over, _ = environment.step(MAX_TORQUE * action)
            total += float(reward)
    return total / episodes


@torch.no_grad()
def act(agent: CriticAgent, state: np.ndarray, noise: torch.Generator, sample: bool) -> np.ndarray:
    """Action (1,) in [-1, 1] for the state (3,)."""
    images = torch.zeros(1, 0, 1, 1, 3, dtype=torch.uint8)
    features = agent.actor.encoder(images, torch.from_numpy(np.asarray(state, np.float32))[None])
    action: np.ndarray = agent.actor.action(features, sample, noise)[0].numpy()
    return action
