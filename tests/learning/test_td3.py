"""TD3's smoothed targets, delay and slow policy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from robot_rl.config.learning import SACConfig, TD3Config
from robot_rl.core.record import StepSpec
from robot_rl.learning.td3 import TD3
from robot_rl.replay.batch import Batch


@pytest.fixture
def td3_config(config: SACConfig) -> TD3Config:
    return TD3Config(encoder=config.encoder, hidden=config.hidden, shift=0)


def test_target_is_the_minimum_at_the_slow_policys_noisy_action(
    td3_config: TD3Config, spec: StepSpec, batch: Batch
) -> None:
    agent = TD3(replace(td3_config, target_noise=0.4, target_noise_clip=0.3), spec)
    with torch.no_grad():
        agent.slow_policy.head.bias.fill_(0.7)
        after = agent.actor.encoder(*(torch.from_numpy(batch[k]) for k in ("next_images", "next_proprio")))
        noise = torch.randn(len(after), spec.action.size, generator=torch.Generator().manual_seed(0))
        action = (agent.slow_policy(after) + (0.4 * noise).clamp(-0.3, 0.3)).clamp(-1.0, 1.0)
        value = agent.target(after, action).double().numpy().min(0)
    target = batch["reward"].astype(np.float64) + batch["discount"] * value
    assert agent.update(batch)["target_mean"] == pytest.approx(target.mean(), rel=1e-4)


def test_critic_and_actor_losses_equal_a_computation_in_float64(
    td3_config: TD3Config, spec: StepSpec, batch: Batch
) -> None:
    agent, probe = TD3(replace(td3_config, target_noise=0.0, imitation=0.5), spec), TD3(td3_config, spec)
    encode = lambda when: probe.actor.encoder(*(torch.from_numpy(batch[f"{when}_{k}"]) for k in ("images", "proprio")))  # noqa: E731
    with torch.no_grad():
        after, now = encode("next"), encode("obs")
        slow = probe.target(after, probe.slow_policy(after)).double().numpy()
        values = probe.critic(now, torch.from_numpy(batch["action"])).double().numpy()
        action = probe.actor.policy(now)
    metrics = agent.update(batch)
    with torch.no_grad():  # the actor improves on the critics as they are after their update, its features before
        improved = agent.critic(now, action).double().numpy()
    reward, discount = batch["reward"].astype(np.float64), batch["discount"].astype(np.float64)
    target = [reward[b] + discount[b] * min(slow[:, b]) for b in range(12)]
    errors = [(row[b] - target[b]) ** 2 for row in values for b in range(12)]
    assert metrics["critic_loss"] == pytest.approx(sum(errors) / 24, rel=1e-4)
    assert metrics["actor_loss"] == pytest.approx(-sum(improved.ravel()) / 24, rel=1e-3, abs=1e-5)
    near = [sum((action[b].double().numpy() - batch["action"][b]) ** 2) for b in range(12) if batch["pool"][b]]
    assert metrics["imitation_loss"] == pytest.approx(sum(near) / len(near), rel=1e-4)


def test_actor_and_slow_policy_move_every_actor_period(td3_config: TD3Config, spec: StepSpec, batch: Batch) -> None:
    agent = TD3(replace(td3_config, actor_period=3, tau=0.1), spec)
    for step in range(6):
        before = agent.actor.policy.head.weight.clone()
        slow, critic = agent.slow_policy.head.weight.clone(), next(agent.target.parameters()).clone()
        due = "actor_loss" in agent.update(batch)
        assert due == (step % 3 == 0)
        assert torch.equal(before, agent.actor.policy.head.weight) == (not due)
        expected = 0.9 * slow + 0.1 * agent.actor.policy.head.weight if due else slow
        torch.testing.assert_close(agent.slow_policy.head.weight, expected)
        assert not torch.equal(critic, next(agent.target.parameters()))


def test_the_actor_climbs_the_critics(td3_config: TD3Config, spec: StepSpec, batch: Batch) -> None:
    agent = TD3(replace(td3_config, learning_rate=1e-2, actor_period=1), spec)
    rng = np.random.default_rng(0)
    batch["discount"][:] = 0.0
    for _ in range(400):
        batch["action"][:] = rng.uniform(-1, 1, batch["action"].shape)
        batch["reward"][:] = -np.square(batch["action"] - 0.5).sum(-1)
        agent.update(batch)
    with torch.no_grad():
        features = agent.actor.encoder(torch.from_numpy(batch["obs_images"]), torch.from_numpy(batch["obs_proprio"]))
        action = agent.actor.action(features, False, torch.Generator())
    assert float((action - 0.5).abs().mean()) < 0.2


def test_sampled_actions_differ_by_the_exploration_noise(td3_config: TD3Config, spec: StepSpec) -> None:
    agent = TD3(replace(td3_config, exploration_noise=0.1), spec)
    features = torch.zeros(4000, agent.actor.encoder.size)
    with torch.no_grad():
        best = agent.actor.action(features, False, torch.Generator())
        noisy = agent.actor.action(features, True, torch.Generator().manual_seed(0))
    assert float((noisy - best).std()) == pytest.approx(0.1, rel=0.05)


def test_a_state_continues_exactly(td3_config: TD3Config, spec: StepSpec, batch: Batch) -> None:
    agent, other = TD3(td3_config, spec, 1), TD3(td3_config, spec, 2)
    for _ in range(3):
        agent.update(batch)
    other.restore(*agent.state())
    for _ in range(4):
        assert agent.update(batch) == other.update(batch)
