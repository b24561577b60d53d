"""Film strips: an episode's camera images side by side."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from robot_rl.core.errors import RobotRLError
from robot_rl.core.record import Source
from robot_rl.replay.reader import Episode, ReplayReader

GAP, BAR = 2, 5
BACKGROUND, PERSON = 255, (147, 51, 234)


def film_strip(reader: ReplayReader, episode: Episode, frames: int = 12, size: int = 96) -> np.ndarray:
    """Image (H, W, 3) uint8 RGB: one line a camera, `frames` columns evenly spread over the episode.

    The first and the last observation are always among them; each image is `size` pixels wide. Where a person
    intervened, a bar below marks the observations from which they acted.
    """
    rows = np.unique(np.linspace(episode.start, episode.stop - 1, frames).round().astype(np.int64))
    records, obs = reader.rows(rows), reader.spec.observation
    height = round(size * obs.image_height / obs.image_width)
    lines = []
    for camera in obs.cameras:
        images = [_resized(image, size, height) for image in records[f"image_{camera}"]]
        blank = np.full((height, size, 3), BACKGROUND, np.uint8)
        lines.append(_joined([*images, *[blank] * (frames - len(images))], axis=1))
    helped = records["source"] == Source.INTERVENTION
    if episode.source is Source.INTERVENTION:
        colours = [PERSON if by_hand else (BACKGROUND,) * 3 for by_hand in (*helped, *[False] * (frames - len(rows)))]
        bars = [np.full((BAR, size, 3), colour, np.uint8) for colour in colours]
        lines.append(_joined(bars, axis=1))
    return _joined(lines, axis=0)


def stacked(strips: Sequence[np.ndarray]) -> np.ndarray:
    """Film strips (H, W, 3) of one width below each other, with a wider gap between them."""
    gap = np.full((4 * GAP, strips[0].shape[1], 3), BACKGROUND, np.uint8)
    parts = [part for strip in strips for part in (strip, gap)][:-1]
    return np.concatenate(parts, axis=0)


def png_bytes(image: np.ndarray) -> bytes:
    """An image (H, W, 3) uint8 RGB as a PNG file."""
    done, data = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    if not done:
        raise RobotRLError(f"cannot encode an image of shape {image.shape} as PNG: this is a fault of OpenCV.")
    return bytes(data)


def _resized(image: np.ndarray, width: int, height: int) -> np.ndarray:
    shrink = width < image.shape[1]
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if shrink else cv2.INTER_CUBIC)


def _joined(images: Sequence[np.ndarray], axis: int) -> np.ndarray:
    shape = list(images[0].shape)
    shape[axis] = GAP
    gap = np.full(shape, BACKGROUND, np.uint8)
    return np.concatenate([part for image in images for part in (image, gap)][:-1], axis=axis)
