"""Where and in which arithmetic to compute."""

from __future__ import annotations

import torch

from robot_rl.core.errors import UsageError


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
