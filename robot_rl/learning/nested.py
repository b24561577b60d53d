"""Nested values as what JSON can hold and tensors whose names are places in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

_KEY = "tensor"
"""Sole key of the mapping that stands for an array and holds the name of its tensor."""


def split(value: Any, name: str) -> tuple[Any, dict[str, Tensor]]:
    """`value` (mappings, lists, numbers, arrays) without its arrays, and those, named by their place from `name` on."""
    if isinstance(value, np.ndarray):
        return {_KEY: name}, {name: torch.from_numpy(np.ascontiguousarray(value))}
    if not isinstance(value, (Mapping, list)):
        return value, {}
    items = value.items() if isinstance(value, Mapping) else enumerate(value)
    parts = {key: split(item, f"{name}.{key}") for key, item in items}
    tensors = {place: tensor for _, found in parts.values() for place, tensor in found.items()}
    plain = {key: part for key, (part, _) in parts.items()}
    return plain if isinstance(value, Mapping) else list(plain.values()), tensors


def join(plain: Any, tensors: Mapping[str, Tensor]) -> Any:
    """The value that `split` took apart, `tensors` holding its arrays (among others)."""
    if isinstance(plain, list):
        return [join(item, tensors) for item in plain]
    if not isinstance(plain, Mapping):
        return plain
    if plain.keys() == {_KEY}:
        return tensors[plain[_KEY]].numpy()
    return {key: join(item, tensors) for key, item in plain.items()}


def under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Those of `tensors` whose names begin with `prefix`, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
