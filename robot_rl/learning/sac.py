"""Soft actor-critic from images on mixed data (SAC, Haarnoja et al. 2018; RLPD, Ball et al. 2023)."""

from __future__ import annotations

import contextlib
import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from robot_rl.config.learning import SACConfig
from robot_rl.core.errors import RobotRLError
from robot_rl.core.record import StepSpec
from robot_rl.learning.actor_network import ActorNetwork
from robot_rl.learning.augment import random_shift
from robot_rl.learning.compute import allocator
from robot_rl.learning.critic import CriticEnsemble, subset_minimum
from robot_rl.learning.losses import actor_loss, critic_loss, critic_target, imitation_loss
from robot_rl.learning.optimiser import Optimiser
from robot_rl.learning.temperature import Temperature
from robot_rl.replay.batch import Batch, BatchRing


class NonFinite(RobotRLError):
    """A loss is not a finite number; the parameters were left as they are."""


@dataclass(frozen=True)
class Features:
    """Encoded batch: `now` (B, F) carries the encoder's gradient, `next` (B, F) does not."""

    now: Tensor
    next: Tensor


class SAC:
    """Actor, critic ensemble, target critics and temperature.

    Observations are encoded once an update. The encoder learns from the critics alone and has no slow copy: the
    targets are the slow critics on the online encoder's features (DrQ-v2, Yarats et al. 2022).
    """

    algorithm = "sac"

    def __init__(
        self,
        config: SACConfig,
        spec: StepSpec,
        seed: int = 0,
        device: torch.device | None = None,
        precision: torch.dtype = torch.float32,
    ) -> None:
        self.config, self.spec = config, spec
        self.device, self.precision = device or torch.device("cpu"), precision
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.actor = ActorNetwork(config, spec).to(self.device)
            size = self.actor.encoder.size
            self.critic = CriticEnsemble(config.critics, size, spec.action.size, config.hidden).to(self.device)
        self.target = copy.deepcopy(self.critic).requires_grad_(False)
        self.temperature = Temperature(config.initial_alpha, config.target_entropy * spec.action.size).to(self.device)
        rate = config.learning_rate
        self.optimisers = {
            "critic": Optimiser([*self.actor.encoder.parameters(), *self.critic.parameters()], rate),
            "actor": Optimiser(self.actor.policy.parameters(), rate),
            "temperature": Optimiser(self.temperature.parameters(), config.alpha_learning_rate),
        }
        self.updates = 0
        self._noise = torch.Generator().manual_seed(seed)
        self._shifts = np.random.Generator(np.random.PCG64(seed))
        allocate = allocator(self.device)
        self._shifted = BatchRing(1, lambda size: Batch.allocate(spec, size, allocate))
        self._td_errors = torch.zeros(0)
        self._online: list[Tensor] = list(self.critic.parameters())
        self._slow: list[Tensor] = list(self.target.parameters())

    def fit_normaliser(self, proprio: np.ndarray) -> None:
        """Take the statistics of proprioception from samples (n, P)."""
        self.actor.encoder.proprio.fit(torch.from_numpy(proprio).to(self.device))

    def update(self, batch: Mapping[str, np.ndarray]) -> dict[str, float]:
        """One critic update, every `actor_period`-th time an actor and temperature update, and slow targets.

        `batch` is as robot_rl.replay's Batch. Raises NonFinite before a loss that is no number does harm.
        """
        data = self._load(batch)
        with self._autocast():
            features = self._encode(data)
            metrics = self.update_critic(data, features)
            if self.updates % self.config.actor_period == 0:
                log_prob, actor = self.update_actor(data, features.now.detach())
                metrics |= actor | self.update_temperature(log_prob)
        self.update_targets()
        self.updates += 1
        return metrics

    def update_critic(self, data: Mapping[str, Tensor], features: Features) -> dict[str, float]:
        """Regress critics and encoder onto r + g^n (1-d) min over a random subset of slow critics at a' ~ pi."""
        with torch.no_grad():
            action, log_prob = self.actor.policy.sample(features.next, self._noise)
            slow = self.target(features.next, action)
            value = subset_minimum(slow, self.config.critic_subset, self._noise)
            if self.config.backup_entropy:
                value = value - self.temperature.alpha * log_prob
            target = critic_target(data["reward"], data["discount"], value)
        values = self.critic(features.now, data["action"])
        loss = critic_loss(values, target, data["weight"])
        self._td_errors = (values.detach() - target).abs().mean(0)
        metrics = {
            "critic_loss": _finite("critic_loss", loss) / self.config.critics,
            "q_mean": float(values.detach().mean()),
            "q_max": float(values.detach().max()),
            "q_min": float(values.detach().min()),
            "q_spread": float(values.detach().std(0, correction=0).mean()),
            "target_mean": float(target.mean()),
        }
        self.optimisers["critic"].minimise(loss)
        return metrics

    def update_actor(self, data: Mapping[str, Tensor], features: Tensor) -> tuple[Tensor, dict[str, float]]:
        """Pathwise improvement of mean Q - alpha log pi on detached `features` (B, F); returns log pi (B,)."""
        mean, log_std = self.actor.policy(features)
        action, log_prob = self.actor.policy.squash(mean, log_std, self._noise)
        loss = actor_loss(self.critic(features, action), log_prob, self.temperature.alpha)
        metrics = {"actor_loss": _finite("actor_loss", loss), "entropy": -float(log_prob.detach().mean())}
        if self.config.imitation > 0.0:
            prior = (data["pool"] > 0).float()
            near = imitation_loss(torch.tanh(mean), data["action"], prior)
            metrics["imitation_loss"] = _finite("imitation_loss", near)
            loss = loss + self.config.imitation * near
        self.optimisers["actor"].minimise(loss)
        return log_prob.detach(), metrics

    def update_temperature(self, log_prob: Tensor) -> dict[str, float]:
        """Dual descent of alpha on log pi (B,) of fresh actions."""
        self.optimisers["temperature"].minimise(self.temperature.loss(log_prob))
        return {"alpha": float(self.temperature.alpha)}

    @torch.no_grad()
    def update_targets(self) -> None:
        """Polyak step of the slow critics."""
        torch._foreach_lerp_(self._slow, self._online, self.config.tau)

    @property
    def td_errors(self) -> np.ndarray:
        """|Q - y| (B,) of the last update's batch, averaged over the critics."""
        return self._td_errors.cpu().numpy()

    def actor_tensors(self) -> dict[str, Tensor]:
        """Encoder and policy tensors by name."""
        return dict(self.actor.state_dict())

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Networks, slow targets, temperature, optimisers, random numbers, counters."""
        tensors = {"noise": self._noise.get_state()}
        for name, module in self._modules.items():
            tensors |= {f"{name}.{key}": value for key, value in module.state_dict().items()}
        for name, optimiser in self.optimisers.items():
            tensors |= {f"optimiser.{name}.{key}": value for key, value in optimiser.tensors().items()}
        return tensors, {"updates": self.updates, "shifts": self._shifts.bit_generator.state}

    def restore(self, tensors: Mapping[str, Tensor], values: Mapping[str, Any], random: bool = True) -> None:
        """Continue from a `state`; without `random`, random numbers go on as they are."""
        for name, module in self._modules.items():
            module.load_state_dict(_under(tensors, f"{name}."))
        for name, optimiser in self.optimisers.items():
            optimiser.restore(_under(tensors, f"optimiser.{name}."))
        self.updates = int(values["updates"])
        if random:
            self._noise.set_state(tensors["noise"])
            self._shifts.bit_generator.state = values["shifts"]

    @property
    def _modules(self) -> dict[str, torch.nn.Module]:
        return {"actor": self.actor, "critic": self.critic, "target": self.target, "temperature": self.temperature}

    def _encode(self, data: Mapping[str, Tensor]) -> Features:
        with torch.no_grad():
            after = self.actor.encoder(data["next_images"], data["next_proprio"])
        return Features(self.actor.encoder(data["obs_images"], data["obs_proprio"]), after)

    def _load(self, batch: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
        """Batch as tensors on the device, images shifted (observation and successor independently)."""
        arrays, shifted = dict(batch), self._shifted.next(len(batch["reward"]))
        for name in ("obs_images", "next_images"):
            arrays[name] = random_shift(batch[name], self.config.shift, self._shifts, shifted[name])
        # The update waits for its losses, hence for these copies, before anyone writes into the arrays again.
        return {name: torch.from_numpy(array).to(self.device, non_blocking=True) for name, array in arrays.items()}

    def _autocast(self) -> contextlib.AbstractContextManager[Any]:
        if self.precision == torch.float32:
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, self.precision)


def _finite(name: str, loss: Tensor) -> float:
    value = float(loss.detach())
    if not math.isfinite(value):
        raise NonFinite(f"{name} is {value}: the update was not made; check rewards and proprioception for outliers.")
    return value


def _under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
