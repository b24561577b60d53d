"""Images of several cameras joined into one moment: each set is given once it is complete."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class FrameSets:
    """Joins images by their stamp in lockstep; in real time, the newest of each camera once all have a new one."""

    def __init__(self, cameras: Sequence[str], lockstep: bool) -> None:
        self._cameras, self._lockstep = tuple(cameras), lockstep
        self._held: dict[str, tuple[int, np.ndarray]] = {}

    def add(self, camera: str, stamp_ns: int, image: np.ndarray) -> tuple[int, dict[str, np.ndarray]] | None:
        """Take an image; return the stamp [ns] and images by camera of the set that it completes.

        A set is as old as its oldest image, and no image is in two. In lockstep images of another stamp than the newest
        are dropped.
        """
        self._held[camera] = (stamp_ns, image)
        if self._lockstep:
            self._held = {name: held for name, held in self._held.items() if held[0] == stamp_ns}
        if len(self._held) < len(self._cameras):
            return None
        stamp = min(held[0] for held in self._held.values())
        images = {name: self._held[name][1] for name in self._cameras}
        self._held.clear()
        return stamp, images
