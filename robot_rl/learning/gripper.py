"""The gripper as a discrete dimension of the action, chosen by a Q function of its own (hil-serl, Luo et al. 2024)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from robot_rl.config.learning import GripperActionConfig
from robot_rl.core.errors import UsageError
from robot_rl.core.spec import ActionSpec
from robot_rl.learning.losses import critic_target
from robot_rl.learning.policy import trunk_and_head


def gripper_entry(config: GripperActionConfig, spec: ActionSpec) -> int:
    """Position of the gripper in actions; UsageError where these have none or there is nothing to choose from."""
    if config.dimension not in spec.names:
        raise UsageError(
            f"gripper.dimension is '{config.dimension}', which is none of the action's ({', '.join(spec.names)}): "
            "correct it, or set gripper.kind continuous and gripper.penalty 0."
        )
    if config.kind == "discrete" and len(set(config.values)) < 2:
        raise UsageError(f"gripper.values is {list(config.values)}: give at least two to choose from.")
    if config.kind == "discrete" and spec.size < 2:
        raise UsageError(f"gripper.kind is discrete, but the action is '{spec.names[0]}' alone: use continuous.")
    return spec.names.index(config.dimension)


class Choices(nn.Module):
    """What a discrete gripper may do, as one entry of actions (..., A) in [-1, 1]."""

    values: Tensor

    def __init__(self, config: GripperActionConfig, spec: ActionSpec) -> None:
        super().__init__()
        self.entry, self._exploration = gripper_entry(config, spec), config.exploration
        self.register_buffer("values", torch.tensor(config.values), persistent=False)

    def nearest(self, actions: Tensor) -> Tensor:
        """Which choice (...,) is nearest to each of `actions` (..., A)."""
        return (actions[..., self.entry, None] - self.values).abs().argmin(-1)

    def snap(self, actions: Tensor) -> Tensor:
        """`actions` (..., A) with the nearest choice."""
        return self.insert(self.motion(actions), self.nearest(actions))

    def motion(self, actions: Tensor) -> Tensor:
        """`actions` (..., A) without the gripper, (..., A - 1)."""
        return torch.cat([actions[..., : self.entry], actions[..., self.entry + 1 :]], -1)

    def insert(self, motion: Tensor, choice: Tensor) -> Tensor:
        """Actions (..., A) of `motion` (..., A - 1) and `choice` (...,)."""
        column = self.values[choice].unsqueeze(-1)
        return torch.cat([motion[..., : self.entry], column, motion[..., self.entry :]], -1)

    def explore(self, choice: Tensor, generator: torch.Generator) -> Tensor:
        """`choice` (B,), a share of them replaced by any."""
        device = generator.device
        other = torch.randint(len(self.values), choice.shape, generator=generator, device=device).to(choice.device)
        chance = torch.rand(choice.shape, generator=generator, device=device).to(choice.device)
        return torch.where(chance < self._exploration, other, choice)


class GripperHead(nn.Module):
    """Q of each choice by features; acts greedily."""

    def __init__(self, config: GripperActionConfig, spec: ActionSpec, features: int, hidden: tuple[int, ...]) -> None:
        super().__init__()
        self.choices = Choices(config, spec)
        self.trunk, self.head = trunk_and_head(features, len(config.values), hidden)

    def forward(self, features: Tensor) -> Tensor:
        """Q (B, V) of `features` (B, F)."""
        values: Tensor = self.head(self.trunk(features)).float()
        return values

    @torch.no_grad()
    def choose(self, features: Tensor) -> Tensor:
        """Best choice (B,)."""
        return self(features).argmax(-1)


def gripper_target(head: GripperHead, slow: GripperHead, reward: Tensor, discount: Tensor, features: Tensor) -> Tensor:
    """Target (B,) of the choice taken: `head` chooses at the next `features`, `slow` says what that is worth.

    Double Q-learning (van Hasselt et al. 2016); `reward` and `discount` (B,) are those of the critics.
    """
    value = slow(features).gather(-1, head.choose(features).unsqueeze(-1)).squeeze(-1)
    return critic_target(reward, discount, value)


def gripper_loss(values: Tensor, choice: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Squared error of `values` (B, V) at `choice` (B,) against `target` (B,), averaged with `weight` (B,)."""
    taken = values.gather(-1, choice.unsqueeze(-1)).squeeze(-1)
    return (weight * (taken - target).square()).mean()
