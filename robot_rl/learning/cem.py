"""The cross-entropy method: the action that maximises a score, without gradients (Rubinstein and Kroese 2004)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from robot_rl.config.learning import CEMConfig


@dataclass(frozen=True)
class Maximum:
    """Where the score is high: the `best` action drawn last, `mean` and `std` of the elites, each (B, A)."""

    best: Tensor
    mean: Tensor
    std: Tensor


def maximise(
    score: Callable[[Tensor], Tensor],
    count: int,
    size: int,
    config: CEMConfig,
    generator: torch.Generator,
    device: torch.device | None = None,
    project: Callable[[Tensor], Tensor] | None = None,
) -> Maximum:
    """Maximise `score`, which maps actions (B, M, A) in [-1, 1] to values (B, M), for B = `count` and A = `size`.

    `project` maps what is drawn, (B, M, A), to the actions there are.
    """
    mean = torch.zeros(count, 1, size, device=device)
    std = torch.full((count, 1, size), config.start_std, device=device)
    elites = min(config.elites, config.samples)
    draws = (config.iterations, count, config.samples, size)
    for noise in torch.randn(draws, generator=generator, device=generator.device).to(device):
        actions = torch.addcmul(mean, std, noise).clamp_(-1.0, 1.0)
        actions = project(actions) if project else actions
        # topk sorts: the first elite is the best action of this iteration.
        chosen = score(actions).topk(elites, dim=1).indices.unsqueeze(-1).expand(-1, -1, size)
        elite = actions.gather(1, chosen)
        std, mean = torch.std_mean(elite, 1, keepdim=True, correction=0)
        std = std.clamp_min_(config.min_std)
    return Maximum(elite[:, 0], mean.squeeze(1), std.squeeze(1))
