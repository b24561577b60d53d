"""What the policy node acts with, chosen by one parameter; torch is loaded only where a network acts."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from robot_rl.config.nodes import PolicyNodeConfig
from robot_rl.control.choose import Chooser, TeleopChooser
from robot_rl.core.errors import SchemaError, UsageError
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
    return chooser


class NetworkChooser:
    """Samples from, or takes the mean of, the policy network of the newest weights."""

    def __init__(self, spec: StepSpec, sample: bool, seed: int) -> None:
        import torch

        torch.set_num_threads(1)
        torch.manual_seed(seed)
        self.version, self.refusal = 0, "no policy weights have come yet"
        self._spec, self._sample = spec, sample

    def choose(self, observation: Observation) -> np.ndarray:
        """Return the network's action (A,) float32."""
        return self._actor.act(observation.images, observation.proprio, sample=self._sample)

    def load(self, data: bytes) -> None:
        """Take new weights; SchemaError where they were made for another observation or action."""
        from robot_rl.learning.acting import load_actor

        actor = load_actor(data)
        if actor.spec != self._spec:
            raise SchemaError(
                f"weights version {actor.version} are for {actor.spec.observation} and {actor.spec.action}: "
                "use the robot, cameras and image_size that they were trained with."
            )
        self._actor, self.version, self.refusal = actor, actor.version, ""
