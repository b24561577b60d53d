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
        x = torch.cat([features, action], -1).expand(self.members, -1, -1)
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x = norm(layer(x)).relu()
        values: Tensor = self.value(x)
        return values.squeeze(-1).float()

    def scorer(self, features: Tensor) -> Callable[[Tensor], Tensor]:
        """What maps M actions (B, M, A) for each of `features` (B, F) to the critics' mean value (B, M).

        What does not depend on the actions is computed once, however many are tried: the features' part of the first
        layer, and every view of the weights. One critic follows the other: without a gradient, a LayerNorm with its
        scale and offset in one pass is worth more than one product.
        """
        first, *others = [self._scorer_of(member, features) for member in range(self.members)]

        def score(actions: Tensor) -> Tensor:
            return sum((critic(actions) for critic in others), first(actions)) / self.members

        return score

    def _scorer_of(self, member: int, features: Tensor) -> Callable[[Tensor], Tensor]:
        """As `scorer`, for one of the critics."""
        every = (layer for layer in (*self.layers, self.value) if isinstance(layer, EnsembleLinear))
        (weight, offset), *products = [(layer.weight[member], layer.bias[member, 0]) for layer in every]
        scales = (norm for norm in self.norms if isinstance(norm, EnsembleLayerNorm))
        norms, split = [(norm.weight[member, 0], norm.bias[member, 0]) for norm in scales], features.shape[-1]
        common = torch.addmm(offset, features, weight[:split]).unsqueeze(1)
        own = weight[split:].expand(len(features), -1, -1)

        def score(actions: Tensor) -> Tensor:
            x = torch.baddbmm(common, actions, own).flatten(0, 1)
            for norm, (weight, offset) in zip(norms, products, strict=True):
                x = torch.addmm(offset, functional.layer_norm(x, x.shape[-1:], *norm).relu_(), weight)
            return x.view(actions.shape[:2]).float()

        return score


def subset_minimum(values: Tensor, subset: int, generator: torch.Generator) -> Tensor:
    """Smallest of `subset` randomly drawn rows of `values` (N, B), per column (B,) (REDQ, Chen et al. 2021)."""
    if subset >= values.shape[0]:
        return values.amin(0)
    chosen = torch.randperm(values.shape[0], generator=generator)[:subset]
    return values[chosen.to(values.device)].amin(0)
