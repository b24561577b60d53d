"""A moving test pattern: a camera for trying the graph without one."""

from __future__ import annotations

import numpy as np

from robot_rl.config.camera import CameraNodeConfig
from robot_rl.perception.cameras.camera import Clock, Frame
from robot_rl.perception.cameras.pace import Pace


class PatternCamera:
    """Colour bars that move by a pixel a frame."""

    live, optics, clock_offset_ns = True, None, None

    def __init__(self, config: CameraNodeConfig, clock: Clock) -> None:
        self._clock, self._pace = clock, Pace(config.fps)
        across = np.arange(config.width)
        bars = np.stack([across * 255 // config.width, (across * 8) % 256, 255 - across * 255 // config.width], axis=-1)
        self._picture = np.broadcast_to(bars.astype(np.uint8), (config.height, config.width, 3))

    def read(self, timeout_s: float) -> Frame | None:
        """The pattern at the next time."""
        number = self._pace.wait(timeout_s)
        if number is None:
            return None
        stamp_ns = self._clock()
        return Frame(np.roll(self._picture, number, axis=1), stamp_ns, number)

    def close(self) -> None:
        """Nothing is held."""
