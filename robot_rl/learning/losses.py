"""The losses of all algorithms as plain functions of tensors."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def critic_target(reward: Tensor, discount: Tensor, next_value: Tensor) -> Tensor:
    """Target y = r + g^n (1 - d) V(o'), all (B,); `discount` already holds g^n (1 - d)."""
    return reward + discount * next_value


def critic_loss(values: Tensor, target: Tensor, weight: Tensor | float = 1.0) -> Tensor:
    """Mean squared error of all critics' `values` (N, B) against the common `target` (B,), summed over critics.

    `weight` (B,) is of the transitions in the mean.
    """
    return (weight * (values - target).square()).mean(1).sum()


def cross_entropy_loss(logits: Tensor, target: Tensor, weight: Tensor | float = 1.0) -> Tensor:
    """Cross-entropy of sigmoid(`logits`) (N, B) with `target` (B,) clipped to [0, 1], summed over critics.

    For returns in [0, 1], such as a success rewarded once (QT-Opt, Kalashnikov et al. 2018, eq. 1); `weight` (B,) is
    of the transitions in the mean.
    """
    wanted = target.clamp(0.0, 1.0).expand_as(logits)
    return (weight * functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")).mean(1).sum()


def actor_loss(values: Tensor, log_prob: Tensor, alpha: Tensor) -> Tensor:
    """Mean of alpha log pi(a|o) - Q(o, a), where Q (N, B) is averaged over the ensemble; `log_prob` (B,)."""
    return (alpha * log_prob - values.mean(0)).mean()


def imitation_loss(mean: Tensor, action: Tensor, weight: Tensor) -> Tensor:
    """Squared distance of the policy's mean action (B, A) to `action` (B, A), averaged with `weight` (B,) in [0, 1]."""
    distance = (mean - action).square().sum(-1)
    return (weight * distance).sum() / weight.sum().clamp_min(1.0)
