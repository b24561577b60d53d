"""What algorithms with a policy share: it may imitate people beside climbing the value."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from robot_rl.config.learning import SACConfig, TD3Config
from robot_rl.core.record import Source
from robot_rl.learning.actor_network import DeterministicActor, GaussianActor
from robot_rl.learning.critic_agent import CriticAgent, finite
from robot_rl.learning.losses import imitation_loss


class PolicyAgent(CriticAgent):
    """Critics and a policy that is drawn to what demonstrations and interventions did (TD3+BC, Fujimoto & Gu 2021).

    The policy is drawn in its own update, on features that do not change. With `intervention_features` the encoder
    learns to tell the actions of interventions apart as well: they are of the states that this policy comes to.
    """

    config: SACConfig | TD3Config
    actor: GaussianActor | DeterministicActor

    def _encoder_loss(self, data: Mapping[str, Tensor], features: Tensor) -> Tensor:
        """Weighted distance of the policy's best actions from those of interventions, by the encoder's features."""
        if self.config.intervention_features == 0.0:
            return super()._encoder_loss(data, features)
        rows = data["source"] == Source.INTERVENTION
        return self.config.intervention_features * self._distance(data, self.actor.policy.mean_action(features), rows)

    def _drawn(
        self, loss: Tensor, metrics: dict[str, float], data: Mapping[str, Tensor], action: Tensor
    ) -> tuple[Tensor, dict[str, float]]:
        """The policy's `loss` and `metrics` with the distance of its best `action` (B, A) from prior data."""
        if self.config.imitation == 0.0:
            return loss, metrics
        near = self._distance(data, action, data["pool"] > 0)
        return loss + self.config.imitation * near, {**metrics, "imitation_loss": finite("imitation_loss", near)}

    def _distance(self, data: Mapping[str, Tensor], action: Tensor, rows: Tensor) -> Tensor:
        return imitation_loss(action, self.actor.motion(data["action"]), rows.to(torch.float32))
