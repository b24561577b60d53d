"""Every algorithm learns a small task from pixels; a broken part shows as a lower success rate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from robot_rl.config.learning import CEMConfig, EncoderConfig, QTOptConfig, SACConfig, TD3Config
from robot_rl.core.record import StepSpec
from robot_rl.core.spec import ActionSpec, ObservationSpec
from robot_rl.learning.critic_agent import CriticAgent
from robot_rl.learning.qt_opt import QTOpt
from robot_rl.learning.sac import SAC
from robot_rl.learning.td3 import TD3
from robot_rl.replay.batch import Batch

SIZE, CAPACITY, LIMIT, SPEED = 16, 4000, 8, 0.35
SPEC = StepSpec(ObservationSpec(("above",), SIZE, SIZE, ("x", "y")), ActionSpec(("dx", "dy")))
ENCODER = EncoderConfig(patch=4, patch_channels=16, channels=(), strides=(), image_latent=32, proprio_latent=16)
COMMON = {"encoder": ENCODER, "hidden": (64, 64), "learning_rate": 1e-3, "shift": 1}
CEM = CEMConfig(samples=16, elites=3, iterations=2)
AGENTS = {
    "sac": (SAC, SACConfig(**COMMON)),
    "td3": (TD3, TD3Config(**COMMON, exploration_noise=0.3)),
    "qt_opt": (QTOpt, QTOptConfig(**COMMON, target_cem=CEM, exploration_noise=0.3)),
}


class Chase:
    """A hand at (x, y) in [-1, 1]^2, known from proprioception, and a green spot that only the image shows.

    The episode ends with reward 1 where the hand comes within 0.3 of the spot.
    """

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def reset(self) -> tuple[np.ndarray, np.ndarray]:
        self.hand, self.spot, self.time = self.rng.uniform(-0.8, 0.8, 2), self.rng.uniform(-0.8, 0.8, 2), 0
        return self.observe()

    def step(self, action: np.ndarray) -> tuple[tuple[np.ndarray, np.ndarray], float, bool]:
        self.hand = np.clip(self.hand + SPEED * action, -1, 1)
        self.time += 1
        done = bool(np.linalg.norm(self.hand - self.spot) < 0.3)
        return self.observe(), float(done), done

    def observe(self) -> tuple[np.ndarray, np.ndarray]:
        image = np.zeros((1, SIZE, SIZE, 3), np.uint8)
        row, column = np.clip(((self.spot[::-1] + 1) / 2 * (SIZE - 3)).round().astype(int), 0, SIZE - 3)
        image[0, row : row + 3, column : column + 3, 1] = 255
        return image, self.hand.astype(np.float32)


class Memory:
    """Transitions in flat arrays."""

    def __init__(self) -> None:
        self.data, self.size = Batch.allocate(SPEC, CAPACITY), 0

    def add(
        self,
        now: tuple[np.ndarray, np.ndarray],
        action: np.ndarray,
        reward: float,
        done: bool,
        after: tuple[np.ndarray, np.ndarray],
    ) -> None:  # noqa: E501
        values = (*now, *after, action, reward, 0.9 * (not done))
        names = ("obs_images", "obs_proprio", "next_images", "next_proprio", "action", "reward", "discount")
        for name, value in zip(names, values, strict=True):
            self.data[name][self.size] = value
        self.size += 1

    def sample(self, rng: np.random.Generator, size: int) -> Batch:
        rows = rng.integers(0, self.size, size)
        return Batch({name: array[rows] for name, array in self.data.items()})


def act(
    agent: CriticAgent, observation: tuple[np.ndarray, np.ndarray], noise: torch.Generator, sample: bool
) -> np.ndarray:
    with torch.no_grad():
        features = agent.actor.encoder(*(torch.from_numpy(part)[None] for part in observation))
        return agent.actor.action(features, sample, noise)[0].numpy()


def train(agent: CriticAgent, steps: int, seed: int = 0) -> None:
    """Alternate one environment step and one update."""
    env, memory, rng, noise = Chase(seed), Memory(), np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    observation = env.reset()
    for step in range(steps):
        action = rng.uniform(-1, 1, 2).astype(np.float32) if step < 200 else act(agent, observation, noise, True)
        after, reward, done = env.step(action)
        memory.add(observation, action, reward, done, after)
        observation = env.reset() if done or env.time >= LIMIT else after
        if step == 200:
            agent.fit_normaliser(memory.data["obs_proprio"][:200])
        if step >= 200:
            agent.update(memory.sample(rng, 64))


def success_rate(agent: CriticAgent, episodes: int) -> float:
    env, successes, noise = Chase(12345), 0, torch.Generator().manual_seed(0)
    for _ in range(episodes):
        observation, done = env.reset(), False
        while not done and env.time < LIMIT:
            observation, _, done = env.step(act(agent, observation, noise, False))
        successes += done
    return successes / episodes


@pytest.mark.parametrize("name", AGENTS)
def test_learns_to_reach_what_only_the_image_shows(name: str) -> None:
    make, config = AGENTS[name]
    agent = make(config, SPEC, seed=0)
    assert success_rate(agent, 40) < 0.5, "the task is not solved by standing still"
    train(agent, 1600)
    assert success_rate(agent, 100) >= 0.9


@pytest.mark.parametrize("name", AGENTS)
def test_values_reach_earlier_steps_no_faster_than_the_slow_critics_let_them(name: str) -> None:
    make, config = AGENTS[name]
    agent = make(replace(config, tau=0.001), SPEC, seed=0)
    batch = Batch.allocate(SPEC, 64)
    earlier, later = np.array([-1.0, -1.0]), np.array([1.0, 1.0])
    batch["obs_proprio"][:32], batch["next_proprio"][:32], batch["discount"][:32] = earlier, later, 0.9
    batch["obs_proprio"][32:], batch["reward"][32:], batch["weight"][:] = later, 1.0, 1.0
    rng = np.random.default_rng(0)
    for _ in range(150):
        batch["action"][:] = rng.uniform(-1, 1, batch["action"].shape)
        agent.update(batch)
    with torch.no_grad():
        seen = agent.actor.encoder(torch.from_numpy(batch["obs_images"]), torch.from_numpy(batch["obs_proprio"]))
        values = agent._values(agent.critic(seen, torch.from_numpy(batch["action"]))).mean(0)
    last = float(values[32:].mean())
    assert last > 0.9, "the critics have learned the reward"
    assert float(values[:32].mean()) < 0.8, "slow critics, a seventh of the way there, have not"
