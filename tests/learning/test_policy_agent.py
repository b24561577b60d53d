"""What policies imitate, and what their encoder learns from that."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from robot_rl.config.learning import SACConfig, TD3Config
from robot_rl.core.record import Source, StepSpec
from robot_rl.learning.policy_agent import PolicyAgent
from robot_rl.learning.sac import SAC
from robot_rl.learning.td3 import TD3
from robot_rl.replay.batch import Batch

from .conftest import CONFIG, ENCODER


def agent_of(config: SACConfig | TD3Config, spec: StepSpec) -> PolicyAgent:
    return SAC(config, spec) if isinstance(config, SACConfig) else TD3(config, spec)


def critic_gradients(agent: PolicyAgent, batch: Batch) -> list[Tensor]:
    """Gradients of encoder and critics in a first critic update."""
    data = agent._view.load(batch)
    agent.update_critic(data, agent._view.encode(data))
    return [p.grad.clone() for p in agent.optimisers["critic"].parameters if p.grad is not None]


@pytest.fixture(params=[CONFIG, TD3Config(encoder=ENCODER, hidden=(16, 16))], ids=["sac", "td3"])
def either(request: pytest.FixtureRequest) -> SACConfig | TD3Config:
    """Parameters of either algorithm, without random shifts of the images."""
    found: SACConfig | TD3Config = request.param
    return replace(found, shift=0, imitation=0.5)


def test_the_encoder_learns_from_critics_and_interventions_by_their_weight(
    either: SACConfig | TD3Config, spec: StepSpec, batch: Batch
) -> None:
    """Wherever they were drawn from; demonstrations do not count."""
    rows = [2, 4, 9]
    batch["source"][rows] = Source.INTERVENTION
    alone = critic_gradients(agent_of(either, spec), batch)
    agent = agent_of(replace(either, intervention_features=1.5), spec)
    encoder = [p for p in agent.actor.encoder.parameters() if p.requires_grad]
    data = agent._view.load(batch)
    best = agent.actor.policy.mean_action(agent._view.encode(data).now)
    distance = torch.stack([(best[b] - data["action"][b]).square().sum() for b in rows]).mean()
    near = torch.autograd.grad(distance, encoder)
    both = critic_gradients(agent, batch)
    assert sum(float(gradient.abs().sum()) for gradient in near) > 0.0
    for index, (now, before) in enumerate(zip(both, alone, strict=True)):
        more = 1.5 * near[index] if index < len(encoder) else torch.zeros_like(before)
        torch.testing.assert_close(now, before + more, rtol=1e-4, atol=1e-6)


def test_without_interventions_in_the_batch_the_encoder_learns_from_the_critics_alone(
    either: SACConfig | TD3Config, spec: StepSpec, batch: Batch
) -> None:
    alone = critic_gradients(agent_of(either, spec), batch)
    both = critic_gradients(agent_of(replace(either, intervention_features=3.0), spec), batch)
    assert all(torch.equal(now, before) for now, before in zip(both, alone, strict=True))


def test_the_critics_update_leaves_the_policy_as_it_is(
    either: SACConfig | TD3Config, spec: StepSpec, batch: Batch
) -> None:
    batch["source"][:] = Source.INTERVENTION
    agent = agent_of(replace(either, intervention_features=3.0), spec)
    before = [p.clone() for p in agent.actor.policy.parameters()]
    critic_gradients(agent, batch)
    assert all(torch.equal(a, b) for a, b in zip(before, agent.actor.policy.parameters(), strict=True))


def test_the_policys_own_update_does_not_feel_what_the_encoder_learned_from(
    either: SACConfig | TD3Config, spec: StepSpec, batch: Batch
) -> None:
    """Gradients that the encoder's loss leaves in the policy are gone before it learns."""
    batch["source"][:] = Source.INTERVENTION

    def policy_gradients(before: bool) -> list[Tensor]:
        agent = agent_of(replace(either, intervention_features=3.0), spec)
        data = agent._view.load(batch)
        features = agent._view.encode(data)
        if before:
            agent._encoder_loss(data, features.now).backward(retain_graph=True)
        agent._improve(data, features.now.detach(), features.now.detach())
        return [p.grad.clone() for p in agent.actor.policy.parameters() if p.grad is not None]

    assert all(torch.equal(a, b) for a, b in zip(policy_gradients(True), policy_gradients(False), strict=True))
