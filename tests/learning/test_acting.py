"""An actor rebuilt from bytes acts as the agent that learned."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from robot_rl.config.learning import SACConfig
from robot_rl.core.errors import SchemaError
from robot_rl.core.record import StepSpec
from robot_rl.learning.acting import Actor, load_actor
from robot_rl.learning.sac import SAC
from robot_rl.learning.weights import WeightsMeta, pack


@pytest.fixture
def agent(config: SACConfig, spec: StepSpec) -> SAC:
    agent = SAC(config, spec, seed=5)
    agent.fit_normaliser(np.random.default_rng(0).normal(3.0, 2.0, (50, 3)).astype(np.float32))
    return agent


@pytest.fixture
def actor(agent: SAC) -> Actor:
    return load_actor(pack(WeightsMeta(3, "sac", agent.config, agent.spec), agent.actor_tensors()), seed=1)


@pytest.fixture
def images(spec: StepSpec) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    shape = spec.observation.image_shape
    return {camera: rng.integers(0, 256, shape, dtype=np.uint8) for camera in reversed(spec.observation.cameras)}


PROPRIO = np.array([1.0, 2.0, 3.0], np.float32)


def test_mean_action_is_the_agents(agent: SAC, actor: Actor, images: dict[str, np.ndarray], spec: StepSpec) -> None:
    stacked = torch.from_numpy(np.stack([images[camera] for camera in spec.observation.cameras]))[None]
    with torch.no_grad():
        features = agent.actor.encoder(stacked, torch.from_numpy(PROPRIO)[None])
        expected = agent.actor.policy.mean_action(features)[0].numpy()
    action = actor.act(images, PROPRIO)
    assert action.dtype == np.float32
    np.testing.assert_allclose(action, expected, rtol=1e-5)
    np.testing.assert_array_equal(action, actor.act(images, PROPRIO))
    assert actor.version == 3
    assert actor.spec == spec


def test_samples_differ_stay_in_bounds_and_repeat_with_the_seed(
    agent: SAC, actor: Actor, images: dict[str, np.ndarray]
) -> None:
    draws = np.stack([actor.act(images, PROPRIO, sample=True) for _ in range(50)])
    assert (np.abs(draws) <= 1.0).all()
    assert draws.std(0).min() > 0.05
    again = load_actor(pack(WeightsMeta(3, "sac", agent.config, agent.spec), agent.actor_tensors()), seed=1)
    np.testing.assert_array_equal(draws[0], again.act(images, PROPRIO, sample=True))


def test_wrong_observations_are_refused(actor: Actor, images: dict[str, np.ndarray]) -> None:
    with pytest.raises(SchemaError, match="need camera 'wrist'"):
        actor.act({"front": images["front"]}, PROPRIO)
    with pytest.raises(SchemaError, match="expected uint8"):
        actor.act({**images, "wrist": images["wrist"][:8]}, PROPRIO)
    with pytest.raises(SchemaError, match="finite numbers"):
        actor.act(images, np.array([1.0, np.nan, 0.0]))
