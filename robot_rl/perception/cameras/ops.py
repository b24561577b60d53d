"""Pictures cropped, resized, turned and reordered: pure functions of arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robot_rl.config.camera import CameraNodeConfig
from robot_rl.core.errors import UsageError

Crop = tuple[int, int, int, int]
"""x, y, width, height [px]."""


@dataclass(frozen=True)
class View:
    """How a raw picture becomes a smaller one: cropped, resized by area, then turned clockwise."""

    size: tuple[int, int]
    """Width and height [px] of the result."""
    crop: Crop | None = None
    """Part of the raw picture, None for the largest centred one of the result's proportions."""
    rotation: int = 0
    """0, 90, 180 or 270 degrees clockwise."""

    @classmethod
    def of(cls, config: CameraNodeConfig) -> View:
        """How a camera's parameters make the policy image; UsageError where the crop is none."""
        return cls((config.image_size, config.image_size), crop_of(config.crop), config.rotation)

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """Apply to `image`, (H, W, 3); UsageError where the crop is not inside it."""
        width, height = self.size if self.rotation % 180 == 0 else self.size[::-1]
        return rotate(resize(cut(image, self.part(image.shape[1], image.shape[0])), width, height), self.rotation)

    def part(self, width: int, height: int) -> Crop:
        """The crop of a raw picture of `width` x `height` px; UsageError where it is not inside."""
        if self.crop is None:
            across, along = self.size if self.rotation % 180 == 0 else self.size[::-1]
            return centred(width, height, across, along)
        x, y, w, h = self.crop
        if x + w > width or y + h > height:
            raise UsageError(
                f"crop {list(self.crop)} (x, y, width, height) is not inside the picture of {width}x{height} px: "
                "give a smaller one, or another width and height."
            )
        return self.crop


def crop_of(values: tuple[int, ...]) -> Crop | None:
    """The crop that a parameter means: () none; UsageError where it is not four numbers with a size."""
    if not values:
        return None
    if len(values) != 4 or min(values) < 0 or min(values[2:]) < 1:
        raise UsageError(f"crop is {list(values)}: give x, y, width and height in pixels, or [].")
    return values[0], values[1], values[2], values[3]


def centred(width: int, height: int, across: int, along: int) -> Crop:
    """The largest centred part of `width` x `height` px with the proportions `across` : `along`."""
    scale = min(width / across, height / along)
    w, h = round(across * scale), round(along * scale)
    return (width - w) // 2, (height - h) // 2, w, h


def cut(image: np.ndarray, part: Crop) -> np.ndarray:
    """That part of `image`, a view."""
    x, y, w, h = part
    return image[y : y + h, x : x + w]


def resize(image: np.ndarray, width: int, height: int) -> np.ndarray:
    """`image` at that size: every pixel the mean of the area it covers, or interpolated where it grows."""
    if image.shape[:2] == (height, width):
        return image
    import cv2

    grows = width > image.shape[1] or height > image.shape[0]
    interpolation = cv2.INTER_LINEAR if grows else cv2.INTER_AREA
    return np.asarray(cv2.resize(np.ascontiguousarray(image), (width, height), interpolation=interpolation))


def rotate(image: np.ndarray, degrees: int) -> np.ndarray:
    """`image` turned clockwise by a multiple of 90 degrees."""
    return np.rot90(image, -degrees // 90)


def swap_channels(image: np.ndarray) -> np.ndarray:
    """RGB to BGR and back, contiguous."""
    import cv2

    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
