"""How to read a LeRobot dataset that no replay store was the source of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from robot_rl.core.errors import UsageError, unknown_name

Terminal = Literal["auto", "success", "done", "always", "never"]


@dataclass(frozen=True)
class Foreign:
    """Options of an import; what is not given follows from the dataset.

    `cameras`: feature of each camera, e.g. {"wrist": "observation.images.laptop"}. `image_size`: edge [pixels] of the
    square that images are resized to (by area, proportions are not kept). `rate_hz`: control rate; the dataset's frame
    rate must be a multiple, of which every n-th frame is taken. `terminal`: which episodes ended in a true ending
    rather than a time limit: those whose last frame has next.success, or next.done without next.truncated, all, or
    none; "auto" takes the first of these that the dataset records, else none. `scale_actions`: map each action's
    range in the dataset to [-1, 1]. `like`: a replay store whose cameras, image size, names, task and robot to match.
    `task`, `robot`: what the steps are of.
    """

    cameras: Mapping[str, str] = field(default_factory=dict)
    image_size: int | None = None
    rate_hz: float | None = None
    terminal: Terminal = "auto"
    scale_actions: bool = False
    like: Path | None = None
    task: str | None = None
    robot: str | None = None

    def __post_init__(self) -> None:
        """UsageError for a value that cannot be."""
        if self.terminal not in get_args(Terminal):
            raise unknown_name("terminal rule", self.terminal, get_args(Terminal))
        if self.image_size is not None and self.image_size < 1:
            raise UsageError(f"image size is {self.image_size}: give a positive number of pixels.")
        if self.rate_hz is not None and not self.rate_hz > 0.0:
            raise UsageError(f"rate is {self.rate_hz} Hz: give a positive number.")
