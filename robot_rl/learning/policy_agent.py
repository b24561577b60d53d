"""What algorithms with a policy share: it may imitate the actions of demonstrations beside climbing the value."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from robot_rl.config.learning import SACConfig, TD3Config
from robot_rl.learning.actor_network import DeterministicActor, GaussianActor
from robot_rl.learning.critic_agent import CriticAgent, finite
from robot_rl.learning.losses import imitation_loss


class PolicyAgent(CriticAgent):
    """Critics and a policy that is drawn to what demonstrations and interventions did (TD3+BC, Fujimoto & Gu 2021).

    Where `imitation_features` asks for it the encoder learns to tell those actions apart as well; else it learns from
    the critics alone. The policy itself is drawn in its own update, on features that do not change.
    """

    config: SACConfig | TD3Config
    actor: GaussianActor | DeterministicActor

    def _encoder_loss(self, data: Mapping[str, Tensor], features: Tensor) -> Tensor:
        """Weighted distance of the policy's best actions from those of demonstrations, by the encoder's features."""
        weight = self.config.imitation * self.config.imitation_features
        if weight == 0.0:
            return super()._encoder_loss(data, features)
        return weight * self._distance(data, self.actor.policy.mean_action(features))

    def _drawn(
        self, loss: Tensor, metrics: dict[str, float], data: Mapping[str, Tensor], action: Tensor
    ) -> tuple[Tensor, dict[str, float]]:
        """The policy's `loss` and `metrics` with the distance of its best `action` (B, A) from demonstrations."""
        if self.config.imitation == 0.0:
            return loss, metrics
        near = self._distance(data, action)
        return loss + self.config.imitation * near, {**metrics, "imitation_loss": finite("imitation_loss", near)}

    def _distance(self, data: Mapping[str, Tensor], action: Tensor) -> Tensor:
        prior = (data["pool"] > 0).to(torch.float32)
        return imitation_loss(action, self.actor.motion(data["action"]), prior)
