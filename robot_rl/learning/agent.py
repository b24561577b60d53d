"""What a learning algorithm offers the learner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

import numpy as np
from torch import Tensor

from robot_rl.core.record import StepSpec


class Agent(Protocol):
    """One algorithm with its networks, optimisers and random numbers."""

    algorithm: ClassVar[str]
    acting_spec: StepSpec
    """Observations and actions of the policy, without what critics alone see."""
    updates: int

    def fit_normaliser(self, proprio: np.ndarray) -> None:
        """Take the statistics of proprioception from samples (n, P), or (n, K, P) of histories."""

    def update(self, batch: Mapping[str, np.ndarray]) -> dict[str, float]:
        """One update from a replay batch; returns its metrics. NonFinite leaves the parameters untouched."""

    @property
    def td_errors(self) -> np.ndarray:
        """Size of the TD error (B,) float32 of each transition in the last update's batch."""

    @property
    def gradient_norm(self) -> float:
        """Norm of the critics' gradient in the last update."""

    @property
    def finite(self) -> bool:
        """Whether all that learning has changed are finite numbers."""

    def actor_tensors(self) -> dict[str, Tensor]:
        """Tensors that act, by name."""

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Everything an exact continuation needs: tensors and values that JSON can hold."""

    def restore(self, tensors: Mapping[str, Tensor], values: Mapping[str, Any], random: bool = True) -> None:
        """Continue from a `state`; without `random`, random numbers go on as they are."""
