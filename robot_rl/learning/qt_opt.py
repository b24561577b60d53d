"""Q-learning without an actor (QT-Opt, Kalashnikov et al. 2018): the cross-entropy method maximises the critic."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import Tensor

from robot_rl.config.learning import QTOptConfig
from robot_rl.core.errors import UsageError
from robot_rl.learning.actor_network import ArgmaxActor
from robot_rl.learning.cem import maximise
from robot_rl.learning.critic import CriticEnsemble
from robot_rl.learning.critic_agent import CriticAgent
from robot_rl.learning.losses import critic_loss, cross_entropy_loss


class QTOpt(CriticAgent):
    """Critics with two lagged targets: Polyak averages, and copies of those that are `target_lag` updates older.

    The next action maximises the first target; its value is the lower one of both. With `cross_entropy` the critics
    give logits of values in [0, 1].
    """

    algorithm = "qt_opt"
    config: QTOptConfig
    actor: ArgmaxActor

    def _prepare(self) -> None:
        self.lagged = copy.deepcopy(self.target)

    def _make_actor(self) -> ArgmaxActor:
        if self.config.privileged:
            raise UsageError(
                f"qt_opt.privileged is {list(self.config.privileged)}, but qt_opt acts by its critics, which may "
                "see no more than the policy: use sac or td3, or leave it empty."
            )
        if self.config.gripper.penalty and self.config.cross_entropy:
            raise UsageError(
                f"qt_opt.gripper.penalty is {self.config.gripper.penalty:g}, but cross_entropy needs returns in "
                "[0, 1]: set cross_entropy false."
            )
        return ArgmaxActor(self.config, self.spec)

    def _make_critic(self) -> CriticEnsemble:
        return self.actor.critic

    @property
    def _modules(self) -> dict[str, torch.nn.Module]:
        return {"actor": self.actor, "target": self.target, "lagged": self.lagged}

    def _next_value(self, features: Tensor, critic_features: Tensor) -> Tensor:
        del critic_features
        score, size = self.target.scorer(features), self.spec.action.size
        cem, device = self.config.target_cem, features.device
        found = maximise(score, len(features), size, cem, self._noise, device, self.actor.project)
        outputs = torch.minimum(self.target(features, found.best), self.lagged(features, found.best))
        return self._values(outputs).amin(0)

    def _improve(self, data: Mapping[str, Tensor], features: Tensor, critic_features: Tensor) -> dict[str, float]:
        """Nothing to improve: the policy is the critics' maximum."""
        del data, features, critic_features
        return {}

    def _loss(self, outputs: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        loss = cross_entropy_loss if self.config.cross_entropy else critic_loss
        return loss(outputs, target, weight)

    def _values(self, outputs: Tensor) -> Tensor:
        return outputs.sigmoid() if self.config.cross_entropy else outputs

    @torch.no_grad()
    def update_targets(self) -> None:
        """Polyak step of the first target; every `target_lag`-th time the second becomes what the first was before."""
        if self.updates % self.config.target_lag == 0:
            self.lagged.load_state_dict(self.target.state_dict())
        super().update_targets()
