"""Statistics of a feature in the shapes that LeRobot normalises by: min, max, mean, std, count and five quantiles."""

from __future__ import annotations

import numpy as np

QUANTILES = {"q01": 0.01, "q10": 0.10, "q50": 0.50, "q90": 0.90, "q99": 0.99}
_LEVELS = np.arange(256) / 255.0
Stats = dict[str, np.ndarray]


def vector_stats(values: np.ndarray) -> Stats:
    """Statistics (k,) of `values` (n, k), or (1,) of (n,), each over its n rows."""
    rows = values.reshape(len(values), -1).astype(np.float64)
    found = {"min": rows.min(0), "max": rows.max(0), "mean": rows.mean(0), "std": rows.std(0)}
    found["count"] = np.array([len(rows)])
    found.update(zip(QUANTILES, np.quantile(rows, list(QUANTILES.values()), axis=0), strict=True))
    return found


def histogram(images: np.ndarray) -> np.ndarray:
    """How often each level occurs in each channel (3, 256) of RGB images (n, H, W, 3) uint8."""
    return np.stack([np.bincount(images[..., channel].reshape(-1), minlength=256) for channel in range(3)])


def image_stats(levels: np.ndarray, images: int) -> Stats:
    """Statistics (3, 1, 1) in [0, 1] of all pixels of `images` images, from their `histogram` (3, 256)."""
    share = levels / levels.sum(1, keepdims=True)
    mean = share @ _LEVELS
    found = {"min": _LEVELS[(levels > 0).argmax(1)], "max": _LEVELS[255 - (levels[:, ::-1] > 0).argmax(1)]}
    found |= {"mean": mean, "std": np.sqrt(np.maximum(share @ _LEVELS**2 - mean**2, 0.0))}
    below = share.cumsum(1)
    for name, quantile in QUANTILES.items():
        found[name] = _LEVELS[np.minimum((below < quantile).sum(1), 255)]
    shaped: Stats = {name: value.reshape(3, 1, 1) for name, value in found.items()}
    return {**shaped, "count": np.array([images])}
