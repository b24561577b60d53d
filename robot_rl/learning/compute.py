"""Where and in which arithmetic to compute."""

from __future__ import annotations

import numpy as np
import torch

from robot_rl.core.errors import UsageError
from robot_rl.replay.batch import Allocate


def choose_device(name: str) -> torch.device:
    """Device for `name` 'auto', 'cpu' or 'cuda'; UsageError where there is no CUDA device to be had."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cuda" and not torch.cuda.is_available():
        raise UsageError("device is 'cuda', but torch finds no CUDA device: choose cpu or auto.")
    return torch.device(name)


def choose_precision(name: str, device: torch.device) -> torch.dtype:
    """float32 or bfloat16; 'auto' takes bfloat16 where the hardware multiplies it natively."""
    if name == "auto":
        native = device.type == "cuda" or bool(torch.cpu.get_capabilities().get("avx512_bf16"))
        return torch.bfloat16 if native else torch.float32
    return {"float32": torch.float32, "bfloat16": torch.bfloat16}[name]


def allocator(device: torch.device) -> Allocate:
    """How to make arrays of zeros that go to `device`: page-locked for CUDA, which then copies while it computes."""
    if device.type != "cuda":
        return np.zeros

    def allocate(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        kind = torch.from_numpy(np.empty(0, dtype)).dtype
        return torch.zeros(shape, dtype=kind, pin_memory=True).numpy()

    return allocate
