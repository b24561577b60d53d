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

        The features' part of the first layer is computed once, however many actions are tried. One critic follows the
        other: without a gradient, a LayerNorm with its scale and offset in one pass is worth more than one product.
        """
        first, split = self.layers[0], features.shape[-1]
        assert isinstance(first, EnsembleLinear)
        common = torch.baddbmm(first.bias, features.expand(self.members, -1, -1), first.weight[:, :split])
        begun = list(zip(common, first.weight[:, split:], strict=True))

        def score(actions: Tensor) -> Tensor:
            return torch.stack([self._of_one(k, *part, actions) for k, part in enumerate(begun)]).mean(0)

        return score

    def _of_one(self, member: int, common: Tensor, weight: Tensor, actions: Tensor) -> Tensor:
        """Values (B, M) of one critic's `actions`, given the features' part `common` (B, H) and its `weight` (A, H)."""
        count, samples, _ = actions.shape
        own = (actions.flatten(0, 1) @ weight).view(count, samples, -1)
        x = (own + common.unsqueeze(1)).flatten(0, 1)
        for norm, layer in zip(self.norms, (*self.layers[1:], self.value), strict=True):
            assert isinstance(norm, EnsembleLayerNorm)
            x = functional.layer_norm(x, x.shape[-1:], norm.weight[member, 0], norm.bias[member, 0]).relu_()
            x = torch.addmm(layer.bias[member], x, layer.weight[member])
        return x.view(count, samples).float()


def subset_minimum(values: Tensor, subset: int, generator: torch.Generator) -> Tensor:
    """Smallest of `subset` randomly drawn rows of `values` (N, B), per column (B,) (REDQ, Chen et al. 2021)."""
    if subset >= values.shape[0]:
        return values.amin(0)
    chosen = torch.randperm(values.shape[0], generator=generator)[:subset]
    return values[chosen.to(values.device)].amin(0)
