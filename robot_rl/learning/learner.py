"""The learner: data in, governed updates, weights and checkpoints out. No threads, no middleware."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from robot_rl.config.learning import AgentConfig, EncoderConfig, LearnerConfig
from robot_rl.config.loader import load, to_plain
from robot_rl.core.errors import RobotRLError, SchemaError
from robot_rl.core.record import StepSpec
from robot_rl.learning.agent import Agent
from robot_rl.learning.algorithms import make_agent
from robot_rl.learning.checkpoint import healthy_checkpoints, list_checkpoints, load_checkpoint, save_checkpoint
from robot_rl.learning.compute import choose_device, choose_precision
from robot_rl.learning.critic_agent import NonFinite
from robot_rl.learning.feed import make_sampler
from robot_rl.learning.health import Alarm, Health
from robot_rl.learning.nested import join, split
from robot_rl.learning.weights import WeightsMeta, describe, pack
from robot_rl.replay.prefetch import Prefetcher
from robot_rl.replay.reader import ReplayReader

NORMALISER_BATCHES = 8
MAX_ROLLBACKS = 3


class Sampler(Protocol):
    """Where batches come from; see robot_rl.replay."""

    @property
    def steps(self) -> int:
        """Number of online transitions as of the last `refresh`."""

    def refresh(self) -> None:
        """Take in online transitions committed since."""

    def sample(self, batch: int) -> Mapping[str, np.ndarray]:
        """A batch of transitions."""

    def update(self, batch: Mapping[str, np.ndarray], td_errors: np.ndarray) -> None:
        """Take the TD errors (B,) of a batch."""

    def state(self) -> dict[str, Any]:
        """What continues the sequence of batches exactly; arrays may be in it."""

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from a `state`."""


class Learner:
    """Agent, sampler and counters of one run.

    The caller calls `refresh` to have new steps seen and `step` as often as `updates_due` says, and decides when to
    publish `weights` and when to `save`. From the first `refresh` or `step` until `close` the stores' readers are the
    learner's alone.
    """

    def __init__(self, config: LearnerConfig, spec: StepSpec, sampler: Sampler) -> None:
        if config.threads:
            torch.set_num_threads(config.threads)
        self.config, self.spec = config, spec
        self.agent = _make_agent(config, spec)
        self.health = Health(config, spec.action.size)
        self.rollbacks = 0
        self._sampler = sampler
        self._folder: Path | None = None

    @classmethod
    def from_stores(cls, config: LearnerConfig, online: ReplayReader, priors: Sequence[ReplayReader] = ()) -> Learner:
        """Learner on an online store, demonstration stores, and the interventions within the online store.

        SchemaError where the stores' specs, tasks or robots differ.
        """
        return cls(config, online.spec, make_sampler(config, choose_device(config.device), online, priors))

    @property
    def updates(self) -> int:
        """Updates made in the whole run."""
        return self.agent.updates

    @property
    def env_steps(self) -> int:
        """Transitions collected online in the whole run."""
        return self._sampler.steps

    @property
    def utd(self) -> float:
        """Achieved updates per environment step since updates began, 0 before."""
        steps = self.env_steps - self.config.start_steps
        return self.updates / steps if steps > 0 else 0.0

    def refresh(self) -> None:
        """Have online steps taken in that were committed since; with prefetch, without waiting for it."""
        self._sampler.refresh()

    def updates_due(self) -> int:
        """Updates that the configured ratio asks for and that have not been made; negative where ahead of it."""
        steps = max(0, self.env_steps - self.config.start_steps)
        return int(self.config.utd * steps) - self.updates

    def step(self) -> dict[str, float]:
        """One update; returns its metrics.

        Where a loss, or the gradient looked at every `health.every` updates, is no finite number, the networks of the
        last healthy checkpoint come back and `rollbacks` counts it; RobotRLError when there is none or it happened
        too often.
        """
        if self.updates == 0:
            self._fit_normaliser()
        batch = self._sampler.sample(self.config.batch_size)
        try:
            metrics = self.agent.update(batch)
            if self.config.priority_exponent > 0.0:
                self._sampler.update(batch, self.agent.td_errors)
            if self.updates % self.config.health.every == 0:
                metrics["gradient_norm"] = self._gradient_norm()
        except NonFinite as error:
            self._roll_back(error)
            metrics = {}
        else:
            metrics |= {"reward_min": float(batch["reward"].min()), "reward_max": float(batch["reward"].max())}
            self.health.check(metrics, self.updates)
        counters = {"updates": self.updates, "utd": self.utd, "rollbacks": self.rollbacks}
        return metrics | counters | self.health.metrics()

    def weights(self) -> bytes:
        """The acting weights, packed; their version is the number of updates. Never such with NaN or infinity."""
        self._mend()
        return pack(self._meta(), self.agent.actor_tensors())

    def save(self, folder: Path | str) -> Path:
        """Write a checkpoint into `folder` and keep the newest ones; RobotRLError when the disk refuses.

        While an alarm is on it is marked as unhealthy; one with NaN or infinity is never written.
        """
        self._folder = Path(folder)
        self._mend()
        tensors, values = self.agent.state()
        sampler, arrays = split(self._sampler.state(), "sampler")
        document = {
            "agent": values,
            "sampler": sampler,
            "rollbacks": self.rollbacks,
            "health": self.health.state(),
            "spec": to_plain(self.spec),
            "networks": self._networks(),
            "acting": describe(self._meta()),
        }
        keep, healthy = self.config.keep_checkpoints, self.health.healthy
        return save_checkpoint(self._folder, self.updates, tensors | arrays, document, keep, healthy)

    def close(self) -> None:
        """End the thread that draws batches ahead, if there is one."""
        if isinstance(self._sampler, Prefetcher):
            self._sampler.close()

    def restore(self, folder: Path | str) -> bool:
        """Continue exactly from the newest checkpoint in `folder`; False, and nothing changed, if there is none.

        SchemaError if it is damaged or of another algorithm, network, observation or action.
        """
        self._folder = Path(folder)
        found = list_checkpoints(self._folder)
        if not found:
            return False
        tensors, document = self._load(found[-1], random=True)
        self._sampler.restore(join(document["sampler"], tensors))
        self.rollbacks = int(document["rollbacks"])
        if "health" in document:
            self.health.restore(document["health"])
        return True

    def _load(self, path: Path, random: bool) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
        tensors, document = load_checkpoint(path)
        theirs = document["networks"] = {**_options(AgentConfig()), **document["networks"]}
        theirs["encoder"] = _shape(load(EncoderConfig, theirs["encoder"], f"checkpoint '{path}'"))
        for key, ours in (("spec", to_plain(self.spec)), ("networks", self._networks())):
            if document.get(key) != ours:
                raise SchemaError(f"checkpoint '{path}' has other {key} than this run: start a new run.")
        self.agent.restore(tensors, document["agent"], random)
        return tensors, document

    def _meta(self) -> WeightsMeta:
        return WeightsMeta(self.updates, self.agent.algorithm, self.config.agent, self.agent.acting_spec)

    def _networks(self) -> dict[str, Any]:
        """What decides the shapes of the networks."""
        agent = self.config.agent
        shapes = {"encoder": _shape(agent.encoder), "hidden": list(agent.hidden), "critics": agent.critics}
        return {"algorithm": self.agent.algorithm, **shapes, **_options(agent)}

    def _fit_normaliser(self) -> None:
        size = self.config.batch_size
        samples = [self._sampler.sample(size)["obs_proprio"].copy() for _ in range(NORMALISER_BATCHES)]
        self.agent.fit_normaliser(np.concatenate(samples))

    def _gradient_norm(self) -> float:
        norm = self.agent.gradient_norm
        if not math.isfinite(norm):
            raise NonFinite(f"the gradient of update {self.updates} has norm {norm}.")
        return norm

    def _mend(self) -> None:
        """Bring the last healthy checkpoint back where a weight is no finite number."""
        if not self.agent.finite:
            self._roll_back(NonFinite(f"weights after update {self.updates} are no finite numbers."))

    def _roll_back(self, error: NonFinite) -> None:
        """Networks of the last healthy checkpoint; random numbers go on, or the same batch would fail again."""
        found = healthy_checkpoints(self._folder) if self._folder else []
        if not found or self.rollbacks >= MAX_ROLLBACKS:
            raise RobotRLError(f"{error} No healthy checkpoint to return to after {self.rollbacks} returns.") from error
        updates = self.updates
        self._load(found[-1], random=False)
        self.agent.updates = updates  # versions of weights never go back
        self.rollbacks += 1
        self.health.forget()
        back = f"'{found[-1].name}' came back, return {self.rollbacks} of {MAX_ROLLBACKS}"
        self.health.raise_alarm(Alarm.NOT_FINITE, updates, f"{error} {back}.")


def _shape(encoder: EncoderConfig) -> Any:
    """What of an encoder decides its networks and what of them learns."""
    return to_plain(replace(encoder, weights="", cache_mb=0.0))


def _options(agent: AgentConfig) -> dict[str, Any]:
    """What shapes the networks of those agents alone that have it."""
    choices = list(agent.gripper.values) if agent.gripper.kind == "discrete" else []
    return {"privileged": list(agent.privileged), "gripper": choices}


def _make_agent(config: LearnerConfig, spec: StepSpec) -> Agent:
    device = choose_device(config.device)
    return make_agent(config, spec, device, choose_precision(config.precision, device))
