"""Adam whose state can be saved as plain tensors and put back without a change of memory layout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

_MOMENTS = ("exp_avg", "exp_avg_sq")


class Optimiser:
    """Fused Adam over fixed parameters; gradients are computed for these parameters alone."""

    def __init__(self, parameters: Iterable[nn.Parameter], learning_rate: float) -> None:
        self.parameters = list(parameters)
        self._adam = torch.optim.Adam(self.parameters, lr=learning_rate, fused=True)

    def minimise(self, loss: Tensor) -> None:
        """One step down the gradient of `loss`; nothing but `parameters` receives a gradient."""
        for parameter, gradient in zip(self.parameters, torch.autograd.grad(loss, self.parameters), strict=True):
            parameter.grad = gradient
        self._adam.step()

    def gradient_norm(self) -> float:
        """Norm of the last gradient over all parameters, 0 before the first step."""
        gradients = [parameter.grad for parameter in self.parameters if parameter.grad is not None]
        return float(torch.nn.utils.get_total_norm(gradients)) if gradients else 0.0

    def tensors(self) -> dict[str, Tensor]:
        """State by name, empty before the first step."""
        return {
            f"{index}.{key}": value
            for index, parameter in enumerate(self.parameters)
            for key, value in self._adam.state.get(parameter, {}).items()
        }

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Put back `tensors`; moments take the memory layout of their parameter, as the fused kernel expects."""
        self._adam.state.clear()
        for index, parameter in enumerate(self.parameters):
            if f"{index}.step" in tensors:
                state = {key: torch.empty_like(parameter).copy_(tensors[f"{index}.{key}"]) for key in _MOMENTS}
                self._adam.state[parameter] = {"step": tensors[f"{index}.step"].clone(), **state}
