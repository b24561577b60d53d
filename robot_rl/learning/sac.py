"""Soft actor-critic from images on mixed data (SAC, Haarnoja et al. 2018; RLPD, Ball et al. 2023)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from robot_rl.config.learning import SACConfig
from robot_rl.learning.actor_network import GaussianActor
from robot_rl.learning.critic import subset_minimum
from robot_rl.learning.critic_agent import finite
from robot_rl.learning.losses import actor_loss
from robot_rl.learning.optimiser import Optimiser
from robot_rl.learning.policy_agent import PolicyAgent
from robot_rl.learning.temperature import Temperature


class SAC(PolicyAgent):
    """Tanh-Gaussian policy, critic ensemble with a random subset's minimum as target, learned temperature."""

    algorithm = "sac"
    config: SACConfig
    actor: GaussianActor

    def _prepare(self) -> None:
        config, size = self.config, self.spec.action.size - (self.actor.gripper is not None)
        self.temperature = Temperature(config.initial_alpha, config.target_entropy * size).to(self.device)
        self.optimisers["actor"] = Optimiser(self.actor.policy.parameters(), config.learning_rate)
        self.optimisers["temperature"] = Optimiser(self.temperature.parameters(), config.alpha_learning_rate)

    def _make_actor(self) -> GaussianActor:
        return GaussianActor(self.config, self.acting_spec)

    @property
    def _modules(self) -> dict[str, torch.nn.Module]:
        return {**super()._modules, "temperature": self.temperature}

    def _next_value(self, features: Tensor, critic_features: Tensor) -> Tensor:
        """Minimum over a random subset of slow critics at a' ~ pi, with the entropy term where it is asked for."""
        action, log_prob = self.actor.policy.sample(features, self._noise)
        action = self.actor.complete(action, features)
        value = subset_minimum(self.target(critic_features, action), self.config.critic_subset, self._noise)
        return value - self.temperature.alpha * log_prob if self.config.backup_entropy else value

    def _improve(self, data: Mapping[str, Tensor], features: Tensor, critic_features: Tensor) -> dict[str, float]:
        if self.updates % self.config.actor_period:
            return {}
        log_prob, metrics = self.update_actor(data, features, critic_features)
        return metrics | self.update_temperature(log_prob)

    def update_actor(
        self, data: Mapping[str, Tensor], features: Tensor, critic_features: Tensor
    ) -> tuple[Tensor, dict[str, float]]:
        """Pathwise improvement of mean Q - alpha log pi on detached features; returns log pi (B,)."""
        mean, log_std = self.actor.policy(features)
        action, log_prob = self.actor.policy.squash(mean, log_std, self._noise)
        action = self.actor.complete(action, features)
        loss = actor_loss(self.critic(critic_features, action), log_prob, self.temperature.alpha)
        metrics = {"actor_loss": finite("actor_loss", loss), "entropy": -float(log_prob.detach().mean())}
        loss, metrics = self._drawn(loss, metrics, data, torch.tanh(mean))
        self.optimisers["actor"].minimise(loss)
        return log_prob.detach(), metrics

    def update_temperature(self, log_prob: Tensor) -> dict[str, float]:
        """Dual descent of alpha on log pi (B,) of fresh actions."""
        self.optimisers["temperature"].minimise(self.temperature.loss(log_prob))
        return {"alpha": float(self.temperature.alpha)}
