"""QT-Opt's targets, losses and lagged copies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from robot_rl.config.learning import CEMConfig, QTOptConfig, SACConfig
from robot_rl.core.record import StepSpec
from robot_rl.learning.qt_opt import QTOpt
from robot_rl.replay.batch import Batch


@pytest.fixture
def qt_config(config: SACConfig) -> QTOptConfig:
    return QTOptConfig(encoder=config.encoder, hidden=config.hidden, shift=0, target_lag=3)


def slow_values(agent: QTOpt, batch: Batch) -> np.ndarray:
    """Both targets' logits (2, N, B) at the action that maximises the first, found with the agent's first noise."""
    from robot_rl.learning.cem import maximise

    with torch.no_grad():
        after = agent.actor.encoder(*(torch.from_numpy(batch[k]) for k in ("next_images", "next_proprio")))
        noise = torch.Generator().manual_seed(0)
        best = maximise(
            agent.target.scorer(after), len(after), agent.spec.action.size, agent.config.target_cem, noise
        ).best
        return torch.stack([agent.target(after, best), agent.lagged(after, best)]).double().numpy()


def test_target_is_the_lower_of_both_lagged_critics(qt_config: QTOptConfig, spec: StepSpec, batch: Batch) -> None:
    agent = QTOpt(qt_config, spec)
    with torch.no_grad():
        for parameter in agent.lagged.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(5)))
    values = 1.0 / (1.0 + np.exp(-slow_values(agent, batch)))
    assert (values[0] < values[1]).any() and (values[1] < values[0]).any()
    target = batch["reward"].astype(np.float64) + batch["discount"] * values.min((0, 1))
    with torch.no_grad():
        now = agent.actor.encoder(*(torch.from_numpy(batch[k]) for k in ("obs_images", "obs_proprio")))
        logits = agent.critic(now, torch.from_numpy(batch["action"])).double().numpy()
    wanted = np.clip(target, 0.0, 1.0)
    predicted = 1.0 / (1.0 + np.exp(-logits))
    loss = -np.mean(wanted * np.log(predicted) + (1.0 - wanted) * np.log(1.0 - predicted))
    metrics = agent.update(batch)
    assert metrics["target_mean"] == pytest.approx(target.mean(), rel=1e-4)
    assert metrics["critic_loss"] == pytest.approx(loss, rel=1e-4)


def test_without_cross_entropy_values_are_not_bounded(qt_config: QTOptConfig, spec: StepSpec, batch: Batch) -> None:
    agent = QTOpt(replace(qt_config, cross_entropy=False, learning_rate=1e-2), spec)
    batch["reward"][:], batch["discount"][:] = 3.0, 0.0
    for _ in range(100):
        metrics = agent.update(batch)
    assert metrics["q_mean"] == pytest.approx(3.0, abs=0.2)


def test_the_second_target_is_a_copy_of_an_older_first(qt_config: QTOptConfig, spec: StepSpec, batch: Batch) -> None:
    agent = QTOpt(qt_config, spec)
    firsts = []
    for _ in range(7):
        firsts.append(next(agent.target.parameters()).clone())
        agent.update(batch)
    assert torch.equal(next(agent.lagged.parameters()), firsts[6])
    agent.update(batch)
    assert torch.equal(next(agent.lagged.parameters()), firsts[6])
    assert not torch.equal(next(agent.target.parameters()), firsts[6])


def test_acting_maximises_what_was_learned(qt_config: QTOptConfig, spec: StepSpec, batch: Batch) -> None:
    """With reward 1 - |a - 0.5|^2 / 5 and no future, the best action goes to 0.5."""
    cem = CEMConfig(iterations=5)
    agent = QTOpt(replace(qt_config, learning_rate=1e-2, cross_entropy=False, cem=cem), spec)
    rng = np.random.default_rng(0)
    batch["discount"][:] = 0.0
    for _ in range(400):
        batch["action"][:] = rng.uniform(-1, 1, batch["action"].shape)
        batch["reward"][:] = 1.0 - np.square(batch["action"] - 0.5).sum(-1) / 5.0
        agent.update(batch)
    with torch.no_grad():
        features = agent.actor.encoder(torch.from_numpy(batch["obs_images"]), torch.from_numpy(batch["obs_proprio"]))
        best = agent.actor.action(features, False, torch.Generator().manual_seed(1))
        sampled = agent.actor.action(features, True, torch.Generator().manual_seed(1))
    assert float((best - 0.5).abs().mean()) < 0.2
    assert not torch.equal(best, sampled)


def test_a_state_continues_exactly(qt_config: QTOptConfig, spec: StepSpec, batch: Batch) -> None:
    agent, other = QTOpt(qt_config, spec, 1), QTOpt(qt_config, spec, 2)
    for _ in range(4):
        agent.update(batch)
    other.restore(*agent.state())
    for _ in range(4):
        assert agent.update(batch) == other.update(batch)
