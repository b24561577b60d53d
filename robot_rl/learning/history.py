"""The last observations of an episode, as a policy with a memory of several sees them."""

from __future__ import annotations

from collections import deque

import numpy as np

from robot_rl.core.errors import RobotRLError


class History:
    """The `stack` newest observations; before an episode's first there is that one again, as in replay's samplers."""

    def __init__(self, stack: int) -> None:
        self.stack = stack
        self._seen: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=stack)
        self._begun = stack == 1

    def begin(self) -> None:
        """An episode begins: what was seen before is no part of it."""
        self._seen.clear()
        self._begun = True

    def add(self, images: np.ndarray, proprio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Take images (C, H, W, 3) and proprioception (P,); returns (1, K, C, H, W, 3) and (1, K, P), oldest first.

        Of a history of one observation the axis K is left out. RobotRLError where `begin` was never called, since
        frames of another episode would then be mixed in.
        """
        if self.stack == 1:
            return images[None], proprio[None]
        if not self._begun:
            raise RobotRLError(
                f"a policy with a history of {self.stack} observations acts before `begin` said that an episode began."
            )
        self._seen.append((images, proprio))
        missing = self.stack - len(self._seen)
        frames = [self._seen[0]] * missing + list(self._seen)
        return np.stack([image for image, _ in frames])[None], np.stack([vector for _, vector in frames])[None]

    def resized(self, stack: int) -> History:
        """A history of `stack` observations in the same episode, with those that are known of it."""
        other = History(stack)
        other._seen.extend(self._seen)
        other._begun = other._begun or self._begun
        return other
