"""Policies: a normal distribution squashed into [-1, 1] (SAC, Haarnoja et al. 2018), and a deterministic one."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

LOG_STD_MIN, LOG_STD_MAX = -5.0, 2.0
_LOG_STD_MIDDLE, _LOG_STD_HALF = 0.5 * (LOG_STD_MAX + LOG_STD_MIN), 0.5 * (LOG_STD_MAX - LOG_STD_MIN)
_LOG_STD_START = math.atanh(-_LOG_STD_MIDDLE / _LOG_STD_HALF)
_HALF_LOG_TAU = 0.5 * math.log(2.0 * math.pi)


def squashed_log_prob(noise: Tensor, log_std: Tensor, before: Tensor) -> Tensor:
    """Log-density (B,) of tanh(before), where before = mean + exp(log_std) * noise, all (B, A).

    log(1 - tanh(u)^2) is computed as 2 (log 2 - u - softplus(-2u)), exact where 1 - tanh^2 underflows.
    """
    normal = -0.5 * noise.square() - log_std - _HALF_LOG_TAU
    slope = 2.0 * (math.log(2.0) - before - functional.softplus(-2.0 * before))
    return (normal - slope).sum(-1)


class Trunk(nn.Sequential):
    """Linear, LayerNorm, ReLU a hidden layer, in one go: calling small modules costs as much as they compute.

    The modules are there for their parameters' names in stored weights.
    """

    def __init__(self, features: int, hidden: tuple[int, ...]) -> None:
        layers: list[nn.Module] = []
        for a, b in zip((features, *hidden), hidden, strict=False):
            layers += [nn.Linear(a, b), nn.LayerNorm(b), nn.ReLU()]
        super().__init__(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """Features (B, F) to (B, H)."""
        for layer in self:
            if isinstance(layer, nn.Linear):
                x = functional.linear(x, layer.weight, layer.bias)
            elif isinstance(layer, nn.LayerNorm):
                x = functional.layer_norm(x, x.shape[-1:], layer.weight, layer.bias).relu()
        return x


def trunk_and_head(features: int, outputs: int, hidden: tuple[int, ...]) -> tuple[Trunk, nn.Linear]:
    """Hidden layers, and a linear head that starts near 0, whatever the features."""
    trunk, head = Trunk(features, hidden), nn.Linear(hidden[-1] if hidden else features, outputs)
    nn.init.zeros_(head.bias)
    head.weight.data.mul_(0.01)
    return trunk, head


class DeterministicPolicy(nn.Module):
    """Features (B, F) to actions (B, A) in [-1, 1] (DDPG, Lillicrap et al. 2016)."""

    def __init__(self, features: int, actions: int, hidden: tuple[int, ...]) -> None:
        super().__init__()
        self.trunk, self.head = trunk_and_head(features, actions, hidden)

    def forward(self, features: Tensor) -> Tensor:
        """(B, A)."""
        return torch.tanh(self.head(self.trunk(features)).float())

    def mean_action(self, features: Tensor) -> Tensor:
        """(B, A): all that it gives."""
        action: Tensor = self(features)
        return action


class TanhGaussianPolicy(nn.Module):
    """Features to a squashed normal distribution over actions in [-1, 1]^A."""

    def __init__(self, features: int, actions: int, hidden: tuple[int, ...]) -> None:
        super().__init__()
        self.trunk, self.head = trunk_and_head(features, 2 * actions, hidden)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Mean before squashing and log standard deviation, each (B, A), of `features` (B, F).

        The log standard deviation is bounded smoothly, so that its gradient never dies, and starts near 0.
        """
        mean, raw = self.head(self.trunk(features)).float().chunk(2, -1)
        return mean, _LOG_STD_MIDDLE + _LOG_STD_HALF * torch.tanh(raw + _LOG_STD_START)

    def sample(self, features: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """A reparameterised action (B, A) and its log-density (B,)."""
        mean, log_std = self(features)
        return self.squash(mean, log_std, generator)

    def draw(self, features: Tensor, generator: torch.Generator) -> Tensor:
        """The action (B, A) that `sample` gives, without its density."""
        mean, log_std = self(features)
        return torch.tanh(self._before(mean, log_std, generator)[1])

    def squash(self, mean: Tensor, log_std: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """A reparameterised action (B, A) and its log-density (B,) from the distribution's parameters (B, A)."""
        noise, before = self._before(mean, log_std, generator)
        return torch.tanh(before), squashed_log_prob(noise, log_std, before)

    def _before(self, mean: Tensor, log_std: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Standard normal noise (B, A), and the action (B, A) that it makes, before squashing."""
        noise = torch.randn(mean.shape, generator=generator, device=generator.device).to(mean.device)
        return noise, mean + log_std.exp() * noise

    def mean_action(self, features: Tensor) -> Tensor:
        """The deterministic action (B, A): the squashed mean."""
        return torch.tanh(self(features)[0])
