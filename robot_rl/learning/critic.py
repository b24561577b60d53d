"""An ensemble of Q functions evaluated as batched matrix products."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional


class EnsembleLinear(nn.Module):
    """N independent linear layers as one batched product: (N, B, inputs) to (N, B, outputs)."""

    def __init__(self, members: int, inputs: int, outputs: int) -> None:
        super().__init__()
        bound = 1.0 / math.sqrt(inputs)
        self.weight = nn.Parameter(torch.empty(members, inputs, outputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(members, 1, outputs).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        """(N, B, outputs)."""
        return torch.baddbmm(self.bias, x, self.weight)


class EnsembleLayerNorm(nn.Module):
    """LayerNorm over the last dimension with a scale and an offset of its own for every member."""

    def __init__(self, members: int, size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(members, 1, size))
        self.bias = nn.Parameter(torch.zeros(members, 1, size))

    def forward(self, x: Tensor) -> Tensor:
        """(N, B, size)."""
        return torch.addcmul(self.bias, functional.layer_norm(x, x.shape[-1:]), self.weight)


class CriticEnsemble(nn.Module):
    """N critics Q_i(features, action): linear, LayerNorm, ReLU per hidden layer, then one value.

    LayerNorm bounds the values of actions the data does not contain (RLPD, Ball et al. 2023).
    """

    def __init__(self, members: int, features: int, actions: int, hidden: tuple[int, ...]) -> None:
        super().__init__()
        self.members = members
        sizes = (features + actions, *hidden)
        self.layers = nn.ModuleList(EnsembleLinear(members, a, b) for a, b in zip(sizes, sizes[1:], strict=False))
        self.norms = nn.ModuleList(EnsembleLayerNorm(members, size) for size in hidden)
        self.value = EnsembleLinear(members, sizes[-1], 1)

    def forward(self, features: Tensor, action: Tensor) -> Tensor:
        """Values (N, B) of `features` (B, F) and `action` (B, A)."""
        return self._finish(self.layers[0](torch.cat([features, action], -1).expand(self.members, -1, -1)))

    def scorer(self, features: Tensor) -> Callable[[Tensor], Tensor]:
        """What maps M actions (B, M, A) for each of `features` (B, F) to the critics' mean value (B, M).

        The features' part of the first layer is computed once, however many actions are tried.
        """
        first, split = self.layers[0], features.shape[-1]
        assert isinstance(first, EnsembleLinear)
        common = torch.baddbmm(first.bias, features.expand(self.members, -1, -1), first.weight[:, :split]).unsqueeze(2)

        def score(actions: Tensor) -> Tensor:
            count, samples, _ = actions.shape
            own = torch.bmm(actions.flatten(0, 1).expand(self.members, -1, -1), first.weight[:, split:])
            hidden = own.view(self.members, count, samples, -1) + common
            return self._finish(hidden.flatten(1, 2)).mean(0).view(count, samples)

        return score

    def _finish(self, first: Tensor) -> Tensor:
        """Values (N, B) from the output (N, B, H) of the first layer."""
        x = self.norms[0](first).relu()
        for layer, norm in zip(self.layers[1:], self.norms[1:], strict=True):
            x = norm(layer(x)).relu()
        values: Tensor = self.value(x)
        return values.squeeze(-1).float()


def subset_minimum(values: Tensor, subset: int, generator: torch.Generator) -> Tensor:
    """Smallest of `subset` randomly drawn rows of `values` (N, B), per column (B,) (REDQ, Chen et al. 2021)."""
    if subset >= values.shape[0]:
        return values.amin(0)
    chosen = torch.randperm(values.shape[0], generator=generator)[:subset]
    return values[chosen.to(values.device)].amin(0)
