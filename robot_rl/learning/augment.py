"""Random shifts of images, the augmentation that makes pixels learnable (DrQ, Kostrikov et al. 2021), and light."""

from __future__ import annotations

import numpy as np

PIXEL_RANGE = np.float32(255.0)


def random_shift(images: np.ndarray, pad: int, rng: np.random.Generator, out: np.ndarray | None = None) -> np.ndarray:
    """Shift each observation by up to `pad` pixels in both directions, its border pixels repeated outwards.

    `images` is uint8 (B, C, H, W, 3), or (B, K, C, H, W, 3) with histories; one shift is drawn per observation and
    holds for all its frames, so neither the geometry between cameras nor motion changes. Returns `out` (made where
    None), same shape.
    """
    result = np.empty_like(images) if out is None else out
    if pad == 0:
        np.copyto(result, images)
        return result
    shifts = rng.integers(-pad, pad + 1, (images.shape[0], 2)).tolist()
    for source, target, (dy, dx) in zip(images, result, shifts, strict=True):
        shift_into(source, target, dy, dx)
    return result


def random_jitter(images: np.ndarray, most: float, rng: np.random.Generator) -> np.ndarray:
    """Change brightness and contrast of each image by up to a share of `most`, as other light and exposure would.

    `images` is uint8 (B, C, H, W, 3); every camera has a change of its own. Returns float32 of that shape in 0 to 255.
    """
    changes = rng.uniform(-most, most, (2, *images.shape[:2], 1, 1, 1)).astype(np.float32)
    changed = images.astype(np.float32)
    changed *= 1.0 + changes[0]
    changed += PIXEL_RANGE * changes[1]
    return np.clip(changed, 0.0, PIXEL_RANGE, out=changed)


def shift_into(source: np.ndarray, target: np.ndarray, dy: int, dx: int) -> None:
    """Write target[:, y, x] = source[:, y + dy, x + dx] with indices clipped to the image; both (..., H, W, 3).

    Block copies: some sixty times faster than gathering pixels by index.
    """
    height, width = source.shape[-3:-1]
    top, bottom = max(0, -dy), min(height, height - dy)
    left, right = max(0, -dx), min(width, width - dx)
    rows = slice(top + dy, bottom + dy)
    target[..., top:bottom, left:right, :] = source[..., rows, left + dx : right + dx, :]
    if left:
        target[..., top:bottom, :left, :] = source[..., rows, :1, :]
    elif right < width:
        target[..., top:bottom, right:, :] = source[..., rows, -1:, :]
    if top:
        target[..., :top, :, :] = target[..., top : top + 1, :, :]
    elif bottom < height:
        target[..., bottom:, :, :] = target[..., bottom - 1 : bottom, :, :]
