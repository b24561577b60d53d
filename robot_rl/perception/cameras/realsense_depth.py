"""Depth as the colour camera would see it, by librealsense's own alignment."""

from __future__ import annotations

from typing import Any

import numpy as np

MM = 1e-3


class DepthAligner:
    """Joins a colour and a depth frame of one time into a frame set, which is what the library aligns."""

    def __init__(self, rs: Any) -> None:
        self._pair: list[Any] = []
        self._joined = rs.frame_queue(1)
        self._join = rs.processing_block(self._compose)
        self._join.start(self._joined)
        self._align = rs.align(rs.stream.color)

    def _compose(self, frame: Any, source: Any) -> None:
        del frame
        source.frame_ready(source.allocate_composite_frame(self._pair))

    def align(self, colour: Any, depth: Any) -> np.ndarray:
        """Depth uint16 (H, W) [mm] in the pixels of `colour`, 0 where unknown."""
        self._pair = [colour, depth]
        self._join.invoke(colour)
        self._pair = []
        aligned = self._align.process(self._joined.wait_for_frame().as_frameset()).get_depth_frame()
        values, unit = np.array(aligned.get_data()), aligned.get_units() / MM
        if abs(unit - 1.0) < 1e-6:
            return values
        return np.minimum(np.round(values * unit), np.iinfo(np.uint16).max).astype(np.uint16)
