"""What the policy node acts with, chosen by one parameter; torch is loaded only where a network acts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from robot_rl.config.nodes import PolicyNodeConfig
from robot_rl.control.choose import Chooser, TeleopChooser
from robot_rl.core.errors import UsageError
from robot_rl.core.observation import Observation
from robot_rl.core.record import StepSpec

if TYPE_CHECKING:
    from robot_rl.learning.acting import Actor


def choose_from(config: PolicyNodeConfig, spec: StepSpec) -> Chooser:
    """The chooser that `config.act` and `config.weights` ask for; UsageError where the weights cannot be read."""
    if config.act == "teleop":
        return TeleopChooser()
    chooser = NetworkChooser(spec, config.act == "sample", config.seed)
    if config.weights:
        from robot_rl.learning.weights import of_file

        try:
            chooser.load(of_file(Path(config.weights).read_bytes(), f"weights '{config.weights}'"))
        except OSError as error:
            raise UsageError(
                f"cannot read weights '{config.weights}': {error.strerror}; train the run first."
            ) from None
        if chooser.version == 0 and not config.allow_untrained:
            raise UsageError(f"weights '{config.weights}' are untrained: train the run first, or set allow_untrained.")
    return chooser


class NetworkChooser:
    """Samples from, or takes the mean of, the policy network of the newest weights."""

    def __init__(self, spec: StepSpec, sample: bool, seed: int) -> None:
        import torch

        torch.set_num_threads(1)
        self.version, self.refusal = 0, "no policy weights have come yet"
        self._spec, self._sample = spec, sample
        self._actor: Actor | None = None
        # Every set of weights explores with fresh noise: one seed for all would repeat it after each update.
        self._seeds = np.random.default_rng(seed)

    def begin(self) -> None:
        """An episode begins: what a policy with a memory has seen before is no part of it."""
        if self._actor is not None:
            self._actor.begin()

    def choose(self, observation: Observation) -> np.ndarray:
        """Return the network's action (A,) float32; weights must have come, see `refusal`."""
        assert self._actor is not None
        return self._actor.act(observation.images, observation.proprio, sample=self._sample)

    def load(self, data: bytes) -> None:
        """Take new weights; SchemaError where they are damaged or were made for another observation or action."""
        from robot_rl.learning.acting import load_actor

        seed, history = int(self._seeds.integers(2**31)), self._actor.history if self._actor else None
        self._actor = load_actor(data, seed=seed, spec=self._spec, where="policy weights", history=history)
        self.version, self.refusal = self._actor.version, ""
