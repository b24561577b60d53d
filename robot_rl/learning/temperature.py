"""The temperature alpha of maximum-entropy learning, by dual descent to a target entropy."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class Temperature(nn.Module):
    """alpha = exp(log_alpha), positive by construction."""

    def __init__(self, initial: float, target_entropy: float) -> None:
        super().__init__()
        self.log_alpha = nn.Parameter(torch.tensor(math.log(initial), dtype=torch.float32))
        self.target_entropy = target_entropy

    @property
    def alpha(self) -> Tensor:
        """The temperature, a scalar without gradient."""
        return self.log_alpha.detach().exp()

    def loss(self, log_prob: Tensor) -> Tensor:
        """Dual loss: grows alpha where the entropy -mean(log_prob) is below the target, shrinks it above."""
        return -self.log_alpha * (log_prob.detach().mean() + self.target_entropy)
