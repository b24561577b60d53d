"""What a distance may come down to between the ticks at which it was looked at."""

from __future__ import annotations

import numpy as np


def lowest(distances: np.ndarray, ticks: np.ndarray) -> np.ndarray:
    """The least (m,) that `distances` (K, m), seen at `ticks` (K, 1), reach at these and between them.

    Where ticks were left out, the distance is taken for the more curved of the two parabolas through both ends and a
    neighbour; below two ends r apart, one of second difference c falls by (c / 2 - r)^2 / (2 c).
    """
    gaps = np.diff(ticks, axis=0)
    steps = np.diff(distances, axis=0)
    least: np.ndarray = distances.min(axis=0)
    if len(distances) < 3 or gaps.max() <= 1.0:
        return least
    curves = 2.0 * np.diff(steps / gaps, axis=0) / (gaps[1:] + gaps[:-1])
    steeper = np.maximum(np.concatenate([curves[:1], curves]), np.concatenate([curves, curves[-1:]]))
    seconds = np.maximum(steeper, 0.0) * gaps**2 * (gaps > 1.0)
    short = np.maximum(0.5 * seconds - np.abs(steps), 0.0)
    dips = short**2 / np.where(short > 0.0, 2.0 * seconds, 1.0)
    return np.minimum(least, (np.minimum(distances[:-1], distances[1:]) - dips).min(axis=0))
