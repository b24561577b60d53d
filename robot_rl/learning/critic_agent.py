"""What all algorithms here share: critics and an encoder that regress onto targets of slow critics, from images."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from robot_rl.config.learning import AgentConfig
from robot_rl.core.errors import RobotRLError
from robot_rl.core.record import StepSpec
from robot_rl.learning.actor_network import ActorNetwork
from robot_rl.learning.critic import CriticEnsemble
from robot_rl.learning.gripper import gripper_loss, gripper_target
from robot_rl.learning.losses import critic_loss, critic_target
from robot_rl.learning.nested import under
from robot_rl.learning.optimiser import Optimiser
from robot_rl.learning.pretrained import prepare_cameras
from robot_rl.learning.privileged import private_entries, without
from robot_rl.learning.view import Features, View


class NonFinite(RobotRLError):
    """A loss is not a finite number; the parameters were left as they are."""


class CriticAgent:
    """Actor network, critic ensemble, slow critics; an algorithm says what the next value is and how to improve.

    Observations are encoded once an update. The encoder learns from the critics, not from what improves the policy, and
    has no slow copy: targets are the slow critics on the online encoder's features (DrQ-v2, Yarats et al. 2022).
    """

    algorithm: ClassVar[str]
    config: AgentConfig
    actor: ActorNetwork

    def __init__(
        self,
        config: AgentConfig,
        spec: StepSpec,
        seed: int = 0,
        device: torch.device | None = None,
        precision: torch.dtype = torch.float32,
    ) -> None:
        self.config, self.spec = config, spec
        private_entries(config.privileged, spec.observation.proprio)  # refused before anything is built on it
        self.acting_spec = without(spec, config.privileged)
        """What the policy sees of `spec`: all but privileged entries."""
        self.device, self.precision = device or torch.device("cpu"), precision
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.actor = self._make_actor().to(self.device)
            prepare_cameras(self.actor.encoder, config.encoder)
            self._view = View(config, spec, self.actor.encoder, self.device, precision, seed)
            self.critic = self._make_critic().to(self.device)
        self.target = copy.deepcopy(self.critic).requires_grad_(False)
        insight = self._view.insight
        learned = [*self.actor.encoder.parameters(), *self.critic.parameters()]
        learned += insight.parameters() if insight else []
        trained = [parameter for parameter in learned if parameter.requires_grad]
        self.optimisers = {"critic": Optimiser(trained, config.learning_rate)}
        gripper = self.actor.gripper
        self._slow_gripper = copy.deepcopy(gripper)
        if gripper is not None:
            self.optimisers["gripper"] = Optimiser(gripper.parameters(), config.learning_rate)
        self.updates = 0
        self._noise = torch.Generator().manual_seed(seed)
        self._td_errors = torch.zeros(0)
        self._online: list[Tensor] = list(self.critic.parameters())
        self._slow: list[Tensor] = list(self.target.parameters())
        if self._slow_gripper is not None and gripper is not None:
            self._online += gripper.parameters()
            self._slow += self._slow_gripper.requires_grad_(False).parameters()
        self._prepare()

    def _prepare(self) -> None:
        """Make what the algorithm has beside encoder, actor and critics."""

    def _make_actor(self) -> ActorNetwork:
        """The network that acts."""
        raise NotImplementedError

    def _make_critic(self) -> CriticEnsemble:
        config = self.config
        return CriticEnsemble(config.critics, self._view.critic_size, self.spec.action.size, config.hidden)

    def _next_value(self, features: Tensor, critic_features: Tensor) -> Tensor:
        """Value (B,) of the next observations by policy's and critics' features, called without gradients."""
        raise NotImplementedError

    def _improve(self, data: Mapping[str, Tensor], features: Tensor, critic_features: Tensor) -> dict[str, float]:
        """Improve the policy on detached features of the observations, its own and the critics'; returns metrics."""
        raise NotImplementedError

    def _loss(self, outputs: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """Loss, summed over critics, of their `outputs` (N, B) against `target` (B,), weighted by `weight` (B,)."""
        return critic_loss(outputs, target, weight)

    def _encoder_loss(self, data: Mapping[str, Tensor], features: Tensor) -> Tensor:
        """What the encoder learns from beside the critics, by its `features` (B, F) of the observations."""
        return features.new_zeros(())

    def _values(self, outputs: Tensor) -> Tensor:
        """Q values of the critics' outputs, elementwise."""
        return outputs

    @property
    def _modules(self) -> dict[str, torch.nn.Module]:
        modules = {"actor": self.actor, "critic": self.critic, "target": self.target}
        optional = {"insight": self._view.insight, "slow_gripper": self._slow_gripper}
        return modules | {name: module for name, module in optional.items() if module is not None}

    def fit_normaliser(self, proprio: np.ndarray) -> None:
        """Take the statistics of proprioception from samples (n, P), or (n, K, P) of histories."""
        self._view.fit(proprio)

    def update(self, batch: Mapping[str, np.ndarray]) -> dict[str, float]:
        """One critic update, an improvement of the policy where one is due, and slow targets.

        `batch` is as robot_rl.replay's Batch. Raises NonFinite before a loss that is no number does harm.
        """
        data = self._view.load(batch)
        features = self._view.encode(data)
        metrics = self.update_critic(data, features)
        metrics |= self._update_gripper(data, features)
        now = features.now.detach()
        metrics |= self._improve(data, now, features.critic_now.detach() if self._view.insight else now)
        self.update_targets()
        self.updates += 1
        return metrics

    def update_critic(self, data: Mapping[str, Tensor], features: Features) -> dict[str, float]:
        """Regress critics and encoder onto r + g^n (1-d) V(o')."""
        with torch.no_grad():
            target = critic_target(
                data["reward"], data["discount"], self._next_value(features.next, features.critic_next)
            )
        outputs = self.critic(features.critic_now, data["action"])
        loss = self._loss(outputs, target, data["weight"])
        values = self._values(outputs.detach())
        self._td_errors = (values - target).abs().mean(0)
        metrics = {
            "critic_loss": finite("critic_loss", loss) / self.critic.members,
            "q_mean": float(values.mean()),
            "q_max": float(values.max()),
            "q_min": float(values.min()),
            "q_spread": float(values.std(0, correction=0).mean()),
            "target_mean": float(target.mean()),
        }
        self.optimisers["critic"].minimise(loss + self._encoder_loss(data, features.now))
        return metrics

    def _update_gripper(self, data: Mapping[str, Tensor], features: Features) -> dict[str, float]:
        """Q-learning of a discrete gripper's choices on detached features; {} where it is continuous."""
        head, slow = self.actor.gripper, self._slow_gripper
        if head is None or slow is None:
            return {}
        with torch.no_grad():
            target = gripper_target(head, slow, data["reward"], data["discount"], features.next)
        choice = head.choices.nearest(data["action"])
        loss = gripper_loss(head(features.now.detach()), choice, target, data["weight"])
        metrics = {"gripper_loss": finite("gripper_loss", loss)}
        self.optimisers["gripper"].minimise(loss)
        return metrics

    @torch.no_grad()
    def update_targets(self) -> None:
        """Polyak step of the slow critics."""
        torch._foreach_lerp_(self._slow, self._online, self.config.tau)

    @property
    def td_errors(self) -> np.ndarray:
        """|Q - y| (B,) of the last update's batch, averaged over the critics."""
        return self._td_errors.cpu().numpy()

    @property
    def gradient_norm(self) -> float:
        """Norm of the gradient of critics and encoder in the last update."""
        return self.optimisers["critic"].gradient_norm()

    @property
    def finite(self) -> bool:
        """Whether networks, slow targets and optimisers hold finite numbers alone, of norms that float32 can hold."""
        tensors = [value for value in self.state()[0].values() if value.is_floating_point() and value.numel()]
        return bool(torch.stack(torch._foreach_norm(tensors)).isfinite().all())

    def actor_tensors(self) -> dict[str, Tensor]:
        """Tensors of the network that acts, by name."""
        return dict(self.actor.state_dict())

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Networks, slow targets, optimisers, random numbers, counters."""
        tensors = {"noise": self._noise.get_state()}
        for name, module in self._modules.items():
            tensors |= {f"{name}.{key}": value for key, value in module.state_dict().items()}
        for name, optimiser in self.optimisers.items():
            tensors |= {f"optimiser.{name}.{key}": value for key, value in optimiser.tensors().items()}
        return tensors, {"updates": self.updates, "shifts": self._view.shifts.bit_generator.state}

    def restore(self, tensors: Mapping[str, Tensor], values: Mapping[str, Any], random: bool = True) -> None:
        """Continue from a `state`; without `random`, random numbers go on as they are."""
        for name, module in self._modules.items():
            module.load_state_dict(under(tensors, f"{name}."))
        for name, optimiser in self.optimisers.items():
            optimiser.restore(under(tensors, f"optimiser.{name}."))
        self._view.forget()
        self.updates = int(values["updates"])
        if random:
            self._noise.set_state(tensors["noise"])
            self._view.shifts.bit_generator.state = values["shifts"]


def finite(name: str, loss: Tensor) -> float:
    """The value of a loss; NonFinite naming it where it is no finite number."""
    value = float(loss.detach())
    if not math.isfinite(value):
        raise NonFinite(f"{name} is {value}: the update was not made; check rewards and proprioception for outliers.")
    return value
