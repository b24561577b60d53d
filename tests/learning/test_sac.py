"""One update does what the algorithm says, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from robot_rl.config.learning import SACConfig
from robot_rl.core.record import StepSpec
from robot_rl.learning.critic_agent import NonFinite
from robot_rl.learning.sac import SAC
from robot_rl.replay.batch import Batch


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
