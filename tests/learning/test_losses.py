"""Each loss equals an independent float64 computation."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from robot_rl.learning.losses import actor_loss, critic_loss, critic_target, cross_entropy_loss, imitation_loss
from robot_rl.learning.temperature import Temperature

RNG = np.random.default_rng(3)


def as_tensor(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(array.astype(np.float32))


def test_target_bootstraps_unless_terminal() -> None:
    reward, discount = np.array([0.0, 1.0, 0.5]), np.array([0.97, 0.0, 0.97**3])
    value = np.array([0.4, 9.0, 0.2])
    expected = [0.97 * 0.4, 1.0, 0.5 + 0.97**3 * 0.2]
    target = critic_target(as_tensor(reward), as_tensor(discount), as_tensor(value))
    np.testing.assert_allclose(target.numpy(), expected, rtol=1e-6)


def test_critic_loss_is_the_sum_over_critics_of_mean_squared_errors() -> None:
    values, target = RNG.normal(size=(3, 5)), RNG.normal(size=5)
    expected = sum(sum((values[i, b] - target[b]) ** 2 for b in range(5)) / 5 for i in range(3))
    assert float(critic_loss(as_tensor(values), as_tensor(target))) == pytest.approx(expected, rel=1e-5)


def test_critic_loss_weighs_transitions() -> None:
    values, target, weight = RNG.normal(size=(3, 5)), RNG.normal(size=5), RNG.uniform(size=5)
    expected = sum(sum(weight[b] * (values[i, b] - target[b]) ** 2 for b in range(5)) / 5 for i in range(3))
    loss = critic_loss(as_tensor(values), as_tensor(target), as_tensor(weight))
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_cross_entropy_is_that_of_bernoulli_variables() -> None:
    logits, target, weight = 3.0 * RNG.normal(size=(2, 6)), RNG.uniform(-0.2, 1.2, 6), RNG.uniform(size=6)
    expected = 0.0
    for member in range(2):
        for b in range(6):
            wanted, p = min(max(target[b], 0.0), 1.0), 1.0 / (1.0 + math.exp(-logits[member, b]))
            expected -= weight[b] * (wanted * math.log(p) + (1.0 - wanted) * math.log(1.0 - p)) / 6
    loss = cross_entropy_loss(as_tensor(logits), as_tensor(target), as_tensor(weight))
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_actor_loss_weighs_entropy_against_the_mean_value() -> None:
    values, log_prob, alpha = RNG.normal(size=(3, 5)), RNG.normal(size=5), 0.2
    expected = sum(alpha * log_prob[b] - (values[0, b] + values[1, b] + values[2, b]) / 3 for b in range(5)) / 5
    loss = actor_loss(as_tensor(values), as_tensor(log_prob), torch.tensor(alpha))
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_imitation_loss_counts_only_weighted_rows() -> None:
    mean, action = RNG.normal(size=(4, 2)), RNG.normal(size=(4, 2))
    weight = np.array([1.0, 0.0, 1.0, 0.0])
    expected = (((mean[0] - action[0]) ** 2).sum() + ((mean[2] - action[2]) ** 2).sum()) / 2
    loss = imitation_loss(as_tensor(mean), as_tensor(action), as_tensor(weight))
    assert float(loss) == pytest.approx(expected, rel=1e-5)
    assert float(imitation_loss(as_tensor(mean), as_tensor(action), torch.zeros(4))) == 0.0


@pytest.mark.parametrize(("log_prob", "grows"), [(5.0, True), (-5.0, False)])
def test_temperature_moves_entropy_towards_its_target(log_prob: float, grows: bool) -> None:
    temperature = Temperature(0.1, target_entropy=-1.0)
    loss = temperature.loss(torch.full((4,), log_prob))
    assert float(loss.detach()) == pytest.approx(-math.log(0.1) * (log_prob - 1.0), rel=1e-5)
    loss.backward()
    gradient = temperature.log_alpha.grad
    assert gradient is not None
    assert (float(gradient) < 0) == grows, "too little entropy (high log-density) must raise alpha"
