"""What acts: an encoder and what turns its features into actions; the tensors of the module are published."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from robot_rl.config.learning import AgentConfig, QTOptConfig, SACConfig, TD3Config
from robot_rl.core.record import StepSpec
from robot_rl.learning.cem import maximise
from robot_rl.learning.critic import CriticEnsemble
from robot_rl.learning.encoder import ObservationEncoder
from robot_rl.learning.policy import DeterministicPolicy, TanhGaussianPolicy


class ActorNetwork(nn.Module):
    """Encoder of observations and something that chooses actions by its features."""

    def __init__(self, config: AgentConfig, spec: StepSpec) -> None:
        super().__init__()
        self.encoder = ObservationEncoder(config.encoder, spec.observation)

    def action(self, features: Tensor, sample: bool, generator: torch.Generator) -> Tensor:
        """Actions (B, A) in [-1, 1] for `features` (B, F): the best known ones, or with `sample` exploring ones."""
        raise NotImplementedError


class GaussianActor(ActorNetwork):
    """Tanh-Gaussian policy: its mean, or a draw."""

    def __init__(self, config: SACConfig, spec: StepSpec) -> None:
        super().__init__(config, spec)
        self.policy = TanhGaussianPolicy(self.encoder.size, spec.action.size, config.hidden)

    def action(self, features: Tensor, sample: bool, generator: torch.Generator) -> Tensor:
        """(B, A)."""
        return self.policy.sample(features, generator)[0] if sample else self.policy.mean_action(features)


class DeterministicActor(ActorNetwork):
    """Deterministic policy, explored by adding noise."""

    def __init__(self, config: TD3Config, spec: StepSpec) -> None:
        super().__init__(config, spec)
        self.policy = DeterministicPolicy(self.encoder.size, spec.action.size, config.hidden)
        self._noise = config.exploration_noise

    def action(self, features: Tensor, sample: bool, generator: torch.Generator) -> Tensor:
        """(B, A)."""
        action: Tensor = self.policy(features)
        return add_noise(action, self._noise, generator) if sample else action


class ArgmaxActor(ActorNetwork):
    """No policy: the cross-entropy method over the mean of the critics (QT-Opt, Kalashnikov et al. 2018)."""

    def __init__(self, config: QTOptConfig, spec: StepSpec) -> None:
        super().__init__(config, spec)
        self.critic = CriticEnsemble(config.critics, self.encoder.size, spec.action.size, config.hidden)
        self._config, self._size = config, spec.action.size

    def action(self, features: Tensor, sample: bool, generator: torch.Generator) -> Tensor:
        """(B, A): mean of the last elites, or a draw around it."""

        def score(actions: Tensor) -> Tensor:
            return self.critic.score(features, actions).mean(0)

        found = maximise(score, len(features), self._size, self._config.cem, generator, features.device)
        if not sample:
            return found.mean
        return add_noise(found.mean, found.std.clamp_min(self._config.exploration_noise), generator)


def add_noise(action: Tensor, std: float | Tensor, generator: torch.Generator, bound: float = float("inf")) -> Tensor:
    """`action` (B, A) plus normal noise within +-`bound`, clipped to [-1, 1]."""
    noise = torch.randn(action.shape, generator=generator, device=generator.device).to(action.device) * std
    return (action + noise.clamp(-bound, bound)).clamp(-1.0, 1.0)
