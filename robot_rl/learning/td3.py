"""Twin delayed DDPG (Fujimoto et al. 2018): deterministic policy, smoothed targets, delayed improvement."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import Tensor

from robot_rl.config.learning import TD3Config
from robot_rl.learning.actor_network import DeterministicActor, add_noise
from robot_rl.learning.critic_agent import finite
from robot_rl.learning.optimiser import Optimiser
from robot_rl.learning.policy_agent import PolicyAgent


class TD3(PolicyAgent):
    """A deterministic policy with a slow copy; the target value is the minimum over all slow critics."""

    algorithm = "td3"
    config: TD3Config
    actor: DeterministicActor

    def _prepare(self) -> None:
        self.slow_policy = copy.deepcopy(self.actor.policy).requires_grad_(False)
        self.optimisers["actor"] = Optimiser(self.actor.policy.parameters(), self.config.learning_rate)

    def _make_actor(self) -> DeterministicActor:
        return DeterministicActor(self.config, self.acting_spec)

    @property
    def _modules(self) -> dict[str, torch.nn.Module]:
        return {**super()._modules, "slow_policy": self.slow_policy}

    def _next_value(self, features: Tensor, critic_features: Tensor) -> Tensor:
        """Minimum over the slow critics at the slow policy's action with clipped noise."""
        config = self.config
        action = add_noise(self.slow_policy(features), config.target_noise, self._noise, config.target_noise_clip)
        return self.target(critic_features, self.actor.complete(action, features)).amin(0)

    def _improve(self, data: Mapping[str, Tensor], features: Tensor, critic_features: Tensor) -> dict[str, float]:
        if self.updates % self.config.actor_period:
            return {}
        action = self.actor.policy(features)
        loss = -self.critic(critic_features, self.actor.complete(action, features)).mean()
        metrics = {"actor_loss": finite("actor_loss", loss)}
        loss, metrics = self._drawn(loss, metrics, data, action)
        self.optimisers["actor"].minimise(loss)
        return metrics

    @torch.no_grad()
    def update_targets(self) -> None:
        """Polyak step of the slow critics and, after an improvement, of the slow policy."""
        super().update_targets()
        if self.updates % self.config.actor_period == 0:
            slow: list[Tensor] = list(self.slow_policy.parameters())
            online: list[Tensor] = list(self.actor.policy.parameters())
            torch._foreach_lerp_(slow, online, self.config.tau)
