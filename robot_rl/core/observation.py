"""One synchronised observation: what the policy sees at a tick."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Observation:
    """Images by camera, uint8 (H, W, 3) RGB; proprio float32 (P,); node clock [ns] and source ages [s]."""

    stamp_ns: int
    images: Mapping[str, np.ndarray]
    proprio: np.ndarray
    ages: tuple[float, ...]
