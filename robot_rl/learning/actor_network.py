"""What acts: an encoder and what turns its features into actions; the tensors of the module are published."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from robot_rl.config.learning import AgentConfig, QTOptConfig, SACConfig, TD3Config
from robot_rl.core.record import StepSpec
from robot_rl.learning.cem import maximise
from robot_rl.learning.critic import CriticEnsemble
from robot_rl.learning.encoder import ObservationEncoder
from robot_rl.learning.gripper import Choices, GripperHead
from robot_rl.learning.policy import DeterministicPolicy, TanhGaussianPolicy


class ActorNetwork(nn.Module):
    """Encoder of observations and something that chooses actions by its features."""

    def __init__(self, config: AgentConfig, spec: StepSpec) -> None:
        super().__init__()
        self.encoder = ObservationEncoder(config.encoder, spec.observation)
        self.gripper: GripperHead | None = None
        """What chooses the gripper's part of actions where that is discrete."""

    def action(self, features: Tensor, sample: bool, generator: torch.Generator) -> Tensor:
        """Actions (B, A) in [-1, 1] for `features` (B, F): the best known ones, or with `sample` exploring ones."""
        raise NotImplementedError

    def complete(self, action: Tensor, features: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """The policy's `action`, with the best choice of a discrete gripper, or an exploring one by `generator`."""
        if self.gripper is None:
            return action
        choice = self.gripper.choose(features)
        choice = self.gripper.choices.explore(choice, generator) if generator else choice
        return self.gripper.choices.insert(action, choice)

    def motion(self, action: Tensor) -> Tensor:
        """What of `action` (B, A) the policy itself gives."""
        return action if self.gripper is None else self.gripper.choices.motion(action)


class GaussianActor(ActorNetwork):
    """Tanh-Gaussian policy: its mean, or a draw."""

    def __init__(self, config: SACConfig, spec: StepSpec) -> None:
        super().__init__(config, spec)
        self.policy = TanhGaussianPolicy(self.encoder.size, _motions(config, spec), config.hidden)
        self.gripper = _gripper(config, spec, self.encoder.size)

    def action(self, features: Tensor, sample: bool, generator: torch.Generator) -> Tensor:
        """(B, A)."""
        action = self.policy.draw(features, generator) if sample else self.policy.mean_action(features)
        return self.complete(action, features, generator if sample else None)


class DeterministicActor(ActorNetwork):
    """Deterministic policy, explored by adding noise."""

    def __init__(self, config: TD3Config, spec: StepSpec) -> None:
        super().__init__(config, spec)
        self.policy = DeterministicPolicy(self.encoder.size, _motions(config, spec), config.hidden)
        self.gripper = _gripper(config, spec, self.encoder.size)
        self._noise = config.exploration_noise

    def action(self, features: Tensor, sample: bool, generator: torch.Generator) -> Tensor:
        """(B, A)."""
        action: Tensor = self.policy(features)
        action = add_noise(action, self._noise, generator) if sample else action
        return self.complete(action, features, generator if sample else None)


class ArgmaxActor(ActorNetwork):
    """No policy: the cross-entropy method over the mean of the critics (QT-Opt, Kalashnikov et al. 2018)."""

    def __init__(self, config: QTOptConfig, spec: StepSpec) -> None:
        super().__init__(config, spec)
        self.critic = CriticEnsemble(config.critics, self.encoder.size, spec.action.size, config.hidden)
        self._config, self._size = config, spec.action.size
        self.choices = Choices(config.gripper, spec.action) if config.gripper.kind == "discrete" else None

    @property
    def project(self) -> Callable[[Tensor], Tensor] | None:
        """Maps actions (..., A) to those with a choice of a discrete gripper, None where it is continuous."""
        return self.choices.snap if self.choices else None

    def action(self, features: Tensor, sample: bool, generator: torch.Generator) -> Tensor:
        """(B, A): mean of the last elites, or a draw around it."""
        score, cem, device = self.critic.scorer(features), self._config.cem, features.device
        found = maximise(score, len(features), self._size, cem, generator, device, self.project)
        action = found.mean
        if sample:
            action = add_noise(action, found.std.clamp_min(self._config.exploration_noise), generator)
        if self.choices is None:
            return action
        choice = self.choices.nearest(found.mean)
        choice = self.choices.explore(choice, generator) if sample else choice
        return self.choices.insert(self.choices.motion(action), choice)


def _motions(config: AgentConfig, spec: StepSpec) -> int:
    """Entries of the action that the policy itself gives."""
    return spec.action.size - (config.gripper.kind == "discrete")


def _gripper(config: AgentConfig, spec: StepSpec, features: int) -> GripperHead | None:
    discrete = config.gripper.kind == "discrete"
    return GripperHead(config.gripper, spec.action, features, config.hidden) if discrete else None


def add_noise(action: Tensor, std: float | Tensor, generator: torch.Generator, bound: float = float("inf")) -> Tensor:
    """`action` (B, A) plus normal noise within +-`bound`, clipped to [-1, 1]."""
    noise = torch.randn(action.shape, generator=generator, device=generator.device).to(action.device) * std
    return (action + noise.clamp(-bound, bound)).clamp(-1.0, 1.0)
