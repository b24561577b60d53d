"""One update does what the algorithm says, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from robot_rl.config.learning import SACConfig
from robot_rl.core.record import StepSpec
from robot_rl.learning.critic import EnsembleLinear
from robot_rl.learning.critic_agent import NonFinite
from robot_rl.learning.policy import Trunk
from robot_rl.learning.sac import SAC
from robot_rl.replay.batch import Batch

from .conftest import make_batch

FIRST = {
    "critic_loss": 0.579011,
    "q_mean": -0.150014,
    "q_max": 0.798186,
    "q_min": -0.764591,
    "q_spread": 0.43822,
    "target_mean": 0.280888,
    "actor_loss": 0.134499,
    "entropy": 1.388782,
    "alpha": 0.009985,
}
"""Metrics of the fifth update of default SAC on random batches."""


def snapshot(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}


def changed(before: dict[str, torch.Tensor], module: torch.nn.Module) -> set[str]:
    return {name for name, value in module.state_dict().items() if not torch.equal(value, before[name])}


def test_target_value_is_reward_plus_discounted_subset_minimum(config: SACConfig, spec: StepSpec, batch: Batch) -> None:
    """The loss of a whole update, recomputed in float64 from the networks' outputs."""
    agent = SAC(replace(config, shift=0, critic_subset=config.critics, backup_entropy=True, initial_alpha=0.3), spec)
    probe = SAC(agent.config, spec)
    with torch.no_grad():
        after = probe.actor.encoder(*(torch.from_numpy(batch[k]) for k in ("next_images", "next_proprio")))
        action, log_prob = probe.actor.policy.sample(after, torch.Generator().manual_seed(0))
        slow = probe.target(after, action).double().numpy()
        now = probe.actor.encoder(*(torch.from_numpy(batch[k]) for k in ("obs_images", "obs_proprio")))
        values = probe.critic(now, torch.from_numpy(batch["action"])).double().numpy()
    backup = slow.min(0) - 0.3 * log_prob.double().numpy()
    target = batch["reward"].astype(np.float64) + batch["discount"].astype(np.float64) * backup
    expected = np.mean([(row - target) ** 2 for row in values])
    metrics = agent.update(batch)
    np.testing.assert_allclose(agent.td_errors, np.abs(values - target).mean(0), rtol=1e-4)
    assert metrics["critic_loss"] == pytest.approx(expected, rel=1e-4)
    assert metrics["target_mean"] == pytest.approx(target.mean(), rel=1e-4)
    assert metrics["q_mean"] == pytest.approx(values.mean(), rel=1e-4)


def test_actor_and_temperature_equal_a_computation_in_float64(config: SACConfig, spec: StepSpec, batch: Batch) -> None:
    agent = SAC(replace(config, initial_alpha=0.3, alpha_learning_rate=0.1), spec)
    features = torch.randn(12, agent.actor.encoder.size)
    with torch.no_grad():
        mean, log_std = (part.double().numpy() for part in agent.actor.policy(features))
        noise = torch.randn(12, 2, generator=torch.Generator().manual_seed(0)).double().numpy()
        before = mean + np.exp(log_std) * noise
        action = np.tanh(before)
        density = np.exp(-0.5 * noise**2) / np.sqrt(2.0 * np.pi) / np.exp(log_std) / (1.0 - action**2)
        values = agent.critic(features, torch.from_numpy(action).float()).double().numpy()
    log_prob = np.log(density).sum(1)
    found, metrics = agent.update_actor({}, features, features)
    np.testing.assert_allclose(found.numpy(), log_prob, rtol=1e-4, atol=1e-4)
    expected = sum(0.3 * log_prob[b] - sum(values[:, b]) / len(values) for b in range(12)) / 12
    assert metrics["actor_loss"] == pytest.approx(expected, rel=1e-4)
    assert metrics["entropy"] == pytest.approx(-log_prob.mean(), rel=1e-4)
    # Adam's first step is the learning rate, against the sign of d/d(log alpha) of -log alpha (E[log pi] + target).
    direction = np.sign(log_prob.mean() + 2 * config.target_entropy)
    assert agent.update_temperature(found)["alpha"] == pytest.approx(0.3 * np.exp(0.1 * direction), rel=1e-4)


def test_the_default_update_is_what_it_was(config: SACConfig, spec: StepSpec) -> None:
    """Figures of the algorithm as first released: options that came later leave it as it is."""
    agent = SAC(config, spec, seed=11)
    agent.fit_normaliser(make_batch(spec, 12, 0)["obs_proprio"])
    for seed in range(5):
        metrics = agent.update(make_batch(spec, 12, seed))
    assert metrics == pytest.approx(FIRST, rel=1e-3, abs=1e-5)


def test_weights_scale_the_critics_gradient_per_transition(config: SACConfig, spec: StepSpec, batch: Batch) -> None:
    """Transitions of weight 0 might as well hold anything; the TD errors do not depend on the weights."""
    agents = [SAC(replace(config, shift=0), spec) for _ in range(3)]
    agents[0].update(batch)
    batch["weight"][:6] = 0.0
    agents[1].update(batch)
    batch["reward"][:6] += 100.0
    agents[2].update(batch)
    layers = [agent.critic.value.weight for agent in agents]
    assert torch.equal(layers[1], layers[2])
    assert not torch.equal(layers[0], layers[1])
    np.testing.assert_array_equal(agents[0].td_errors, agents[1].td_errors)


def test_without_backup_entropy_alpha_does_not_enter_the_target(
    config: SACConfig, spec: StepSpec, batch: Batch
) -> None:
    means = {
        alpha: SAC(replace(config, initial_alpha=alpha), spec).update(batch)["target_mean"] for alpha in (0.01, 10.0)
    }
    assert means[0.01] == means[10.0]


def test_encoder_learns_from_the_critic_alone(config: SACConfig, spec: StepSpec, batch: Batch) -> None:
    agent = SAC(replace(config, imitation=1.0), spec)
    data = agent._view.load(batch)
    encoder, policy, critic = (snapshot(m) for m in (agent.actor.encoder, agent.actor.policy, agent.critic))
    features = agent._view.encode(data)
    agent.update_actor(data, features.now.detach(), features.critic_now.detach())
    assert not changed(encoder, agent.actor.encoder)
    assert not changed(critic, agent.critic), "the actor's gradient stops at the critics' parameters"
    assert changed(policy, agent.actor.policy) == set(policy)
    policy = snapshot(agent.actor.policy)
    agent.update_critic(data, features)
    assert changed(encoder, agent.actor.encoder) == {n for n in encoder if n not in ("proprio.mean", "proprio.std")}
    assert not changed(policy, agent.actor.policy)


def test_slow_critics_follow_by_tau(config: SACConfig, spec: StepSpec, batch: Batch) -> None:
    agent = SAC(replace(config, tau=0.1), spec)
    before = snapshot(agent.target)
    agent.update(batch)
    for name, online in agent.critic.state_dict().items():
        torch.testing.assert_close(agent.target.state_dict()[name], 0.9 * before[name] + 0.1 * online)


def test_actor_period_leaves_out_actor_updates(config: SACConfig, spec: StepSpec, batch: Batch) -> None:
    agent = SAC(replace(config, actor_period=3), spec)
    assert ["actor_loss" in agent.update(batch) for _ in range(6)] == [True, False, False] * 2


def test_critics_regress_to_the_reward_where_episodes_end(config: SACConfig, spec: StepSpec, batch: Batch) -> None:
    agent = SAC(replace(config, learning_rate=3e-3, shift=0), spec)
    batch["discount"][:] = 0.0
    for _ in range(150):
        metrics = agent.update(batch)
    assert metrics["critic_loss"] < 0.01
    assert metrics["q_mean"] == pytest.approx(batch["reward"].mean(), abs=0.05)


def test_actor_climbs_the_value(config: SACConfig, spec: StepSpec, batch: Batch) -> None:
    """With reward -|a - 0.5|^2 and no future, the mean action goes to 0.5 wherever the data has good coverage."""
    agent = SAC(replace(config, learning_rate=1e-2, shift=0, actor_period=1, initial_alpha=1e-4), spec)
    rng = np.random.default_rng(0)
    batch["discount"][:] = 0.0
    for _ in range(400):
        batch["action"][:] = rng.uniform(-1, 1, batch["action"].shape)
        batch["reward"][:] = -np.square(batch["action"] - 0.5).sum(-1)
        agent.update(batch)
    with torch.no_grad():
        features = agent.actor.encoder(torch.from_numpy(batch["obs_images"]), torch.from_numpy(batch["obs_proprio"]))
        mean = agent.actor.policy.mean_action(features)
    assert float((mean - 0.5).abs().mean()) < 0.2


def test_imitation_pulls_towards_prior_actions_only(config: SACConfig, spec: StepSpec, batch: Batch) -> None:
    agent = SAC(replace(config, learning_rate=3e-3, shift=0, actor_period=1, imitation=100.0), spec)
    prior = batch["pool"] > 0
    batch["action"][:] = np.where(prior[:, None], 0.8, -0.8)
    for _ in range(100):
        metrics = agent.update(batch)
    assert metrics["imitation_loss"] < 0.05


def test_non_finite_loss_leaves_parameters_untouched(config: SACConfig, spec: StepSpec, batch: Batch) -> None:
    agent = SAC(config, spec)
    actor, critic = snapshot(agent.actor), snapshot(agent.critic)
    batch["reward"][0] = np.nan
    with pytest.raises(NonFinite, match="critic_loss is nan"):
        agent.update(batch)
    assert not changed(actor, agent.actor)
    assert not changed(critic, agent.critic)


def test_same_seed_same_updates_other_seed_others(config: SACConfig, spec: StepSpec, batch: Batch) -> None:
    first, second, other = SAC(config, spec, 1), SAC(config, spec, 1), SAC(config, spec, 2)
    assert first.update(batch) == second.update(batch)
    assert first.update(batch) == second.update(batch)
    assert not torch.equal(next(first.critic.parameters()), next(other.critic.parameters()))


def test_bfloat16_updates_stay_near_float32(config: SACConfig, spec: StepSpec, batch: Batch) -> None:
    full, half = SAC(config, spec), SAC(config, spec, precision=torch.bfloat16)
    for _ in range(3):
        exact, rough = full.update(batch), half.update(batch)
        assert rough["critic_loss"] == pytest.approx(exact["critic_loss"], rel=0.2, abs=0.02)
    assert all(p.dtype == torch.float32 for p in half.actor.parameters())


def test_only_what_the_cameras_see_is_computed_in_bfloat16(config: SACConfig, spec: StepSpec, batch: Batch) -> None:
    agent = SAC(config, spec, precision=torch.bfloat16)
    dtypes: dict[str, torch.dtype] = {}
    for part, network in (("actor", agent.actor), ("critic", agent.critic)):
        for name, module in network.named_modules(prefix=part):
            if isinstance(module, (nn.Linear, nn.Conv2d, EnsembleLinear, Trunk)):
                module.register_forward_hook(lambda _m, _i, out, name=name: dtypes.update({name: out.dtype}))
    agent.update(batch)
    cameras = {name: dtype for name, dtype in dtypes.items() if name.startswith("actor.encoder.cameras")}
    assert cameras and set(cameras.values()) == {torch.bfloat16}
    assert {dtype for name, dtype in dtypes.items() if name not in cameras} == {torch.float32}
