"""What the policy node acts with, chosen by one parameter; torch is loaded only where a network acts."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from robot_rl.config.nodes import PolicyNodeConfig
from robot_rl.control.choose import Chooser, TeleopChooser
from robot_rl.core.errors import UsageError
from robot_rl.core.observation import Observation
from robot_rl.core.record import StepSpec


def choose_from(config: PolicyNodeConfig, spec: StepSpec) -> Chooser:
    """The chooser that `config.act` and `config.weights` ask for; UsageError where the weights cannot be read."""
    if config.act == "teleop":
        return TeleopChooser()
    chooser = NetworkChooser(spec, config.act == "sample", config.seed)
    if config.weights:
        try:
            chooser.load(Path(config.weights).read_bytes())
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
        # Every set of weights explores with fresh noise: one seed for all would repeat it after each update.
        self._seeds = np.random.default_rng(seed)

    def choose(self, observation: Observation) -> np.ndarray:
        """Return the network's action (A,) float32."""
        return self._actor.act(observation.images, observation.proprio, sample=self._sample)

    def load(self, data: bytes) -> None:
        """Take new weights; SchemaError where they are damaged or were made for another observation or action."""
        from robot_rl.learning.acting import load_actor

        self._actor = load_actor(data, seed=int(self._seeds.integers(2**31)), spec=self._spec, where="policy weights")
        self.version, self.refusal = self._actor.version, ""
