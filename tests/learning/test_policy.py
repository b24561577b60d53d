"""The squashed normal distribution is a distribution, and its density is the one that sampling has."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from robot_rl.learning.policy import LOG_STD_MAX, LOG_STD_MIN, TanhGaussianPolicy, squashed_log_prob


def density(action: torch.Tensor, mean: float, log_std: float) -> torch.Tensor:
    """exp(log-density) of `action` (n,) for one dimension."""
    before = torch.atanh(action)
    noise = (before - mean) / math.exp(log_std)
    return squashed_log_prob(noise[:, None], torch.full((len(action), 1), log_std), before[:, None]).exp()


@pytest.mark.parametrize(("mean", "log_std"), [(0.0, 0.0), (0.7, -1.0), (-1.5, -0.3), (0.2, 0.5)])
def test_density_integrates_to_one_and_gives_the_mean_of_samples(mean: float, log_std: float) -> None:
    edge = torch.linspace(-7.5, 7.5, 400_001, dtype=torch.float64).tanh()
    middle, width = (edge[1:] + edge[:-1]) / 2, edge.diff()
    mass = density(middle, mean, log_std) * width
    assert float(mass.sum()) == pytest.approx(1.0, abs=1e-4)
    samples = torch.tanh(mean + math.exp(log_std) * torch.randn(400_000, generator=torch.Generator().manual_seed(0)))
    assert float((mass * middle).sum()) == pytest.approx(float(samples.mean()), abs=5e-3)
    assert float(mass[middle < 0.3].sum()) == pytest.approx(float((samples < 0.3).double().mean()), abs=5e-3)


def test_log_density_stays_finite_and_exact_at_the_edge() -> None:
    before = torch.tensor([[30.0], [-30.0]])
    log_prob = squashed_log_prob(torch.zeros(2, 1), torch.zeros(2, 1), before)
    # log(1 - tanh(u)^2) tends to log 4 - 2|u|
    expected = -0.5 * math.log(2 * math.pi) - (math.log(4.0) - 60.0)
    np.testing.assert_allclose(log_prob.numpy(), expected, rtol=1e-6)


def test_dimensions_are_independent() -> None:
    noise, log_std, before = torch.randn(3, 5, 2, generator=torch.Generator().manual_seed(0)).unbind(0)
    apart = [squashed_log_prob(noise[:, i : i + 1], log_std[:, i : i + 1], before[:, i : i + 1]) for i in range(2)]
    torch.testing.assert_close(squashed_log_prob(noise, log_std, before), apart[0] + apart[1])


def test_samples_and_mean_stay_in_bounds_and_gradients_reach_the_network() -> None:
    torch.manual_seed(0)
    policy = TanhGaussianPolicy(4, 2, (16,))
    features = 100.0 * torch.randn(64, 4)
    action, log_prob = policy.sample(features, torch.Generator().manual_seed(0))
    assert torch.equal(policy.draw(features, torch.Generator().manual_seed(0)), action)
    assert action.shape == (64, 2)
    assert log_prob.shape == (64,)
    assert float(action.detach().abs().max()) <= 1.0
    assert float(policy.mean_action(features).detach().abs().max()) <= 1.0
    (action.sum() + log_prob.sum()).backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in policy.parameters())


def test_log_std_is_bounded_and_starts_wide() -> None:
    policy = TanhGaussianPolicy(4, 2, (16,))
    with torch.no_grad():
        _, start = policy(torch.zeros(1, 4))
        policy.head.bias[2:] = torch.tensor([1e3, -1e3])
        _, extreme = policy(torch.zeros(1, 4))
    assert start.abs().max() < 0.1
    assert extreme[0, 0] <= LOG_STD_MAX
    assert extreme[0, 1] >= LOG_STD_MIN
