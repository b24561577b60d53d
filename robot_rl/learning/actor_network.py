"""What acts: encoder and policy, in one module whose tensors are the published weights."""

from __future__ import annotations

from torch import nn

from robot_rl.config.learning import SACConfig
from robot_rl.core.record import StepSpec
from robot_rl.learning.encoder import ObservationEncoder
from robot_rl.learning.policy import TanhGaussianPolicy


class ActorNetwork(nn.Module):
    """Encoder of observations and tanh-Gaussian policy on its features."""

    def __init__(self, config: SACConfig, spec: StepSpec) -> None:
        super().__init__()
        self.encoder = ObservationEncoder(config.encoder, spec.observation)
        self.policy = TanhGaussianPolicy(self.encoder.size, spec.action.size, config.hidden)
