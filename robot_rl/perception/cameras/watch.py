"""Frozen and black pictures: a camera that still sends, but sees nothing new or nothing at all."""

from __future__ import annotations

from enum import Enum

import numpy as np


class Blindness(Enum):
    """Why pictures that do come are of no use."""

    FROZEN = "the picture is frozen: the same frame comes again and again; unplug the camera and plug it in again"
    BLACK = "the picture is black: take the cap off the lens, or turn on the light"


class PictureWatch:
    """Judges frames in the order of their stamps; a limit of 0 s never judges."""

    def __init__(self, frozen_s: float, black_s: float, black_level: int) -> None:
        self._frozen_ns, self._black_ns = round(frozen_s * 1e9), round(black_s * 1e9)
        self._level = black_level
        self._last: np.ndarray | None = None
        self._changed_ns = self._seen_ns = 0

    def judge(self, image: np.ndarray, small: np.ndarray, stamp_ns: int) -> Blindness | None:
        """What is wrong with the raw picture `image` and its policy image `small`, None for nothing.

        A real camera's noise makes every frame another one, so identical frames mean that it has stopped.
        """
        if self._last is None or not np.array_equal(image, self._last):
            self._last, self._changed_ns = image, stamp_ns
        if self._seen_ns == 0 or int(small.max()) > self._level:
            self._seen_ns = stamp_ns
        if 0 < self._black_ns <= stamp_ns - self._seen_ns:
            return Blindness.BLACK
        return Blindness.FROZEN if 0 < self._frozen_ns <= stamp_ns - self._changed_ns else None
