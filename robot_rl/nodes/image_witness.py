"""What `robot-rl bench cameras` receives: when each image of each camera came, seen from a process of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sensor_msgs.msg import Image

from robot_rl.bench.cameras import COMPLETE
from robot_rl.config.param import param
from robot_rl.nodes import convert, qos
from robot_rl.nodes.runner import GraphNode, run


@dataclass(frozen=True, kw_only=True)
class ImageWitnessConfig:
    """What is watched."""

    topics: tuple[str, ...] = param((), "Image topics")
    file: str = param("", ".npy file to write at the end, int64 (N, 3): number of the topic, stamp and arrival [ns]")


class ImageWitnessNode(GraphNode):
    """Notes stamp and arrival of every image, as a node that uses them would receive them."""

    def __init__(self) -> None:
        super().__init__("image_witness")
        self.config = self.configure(ImageWitnessConfig)
        self._complete = False
        self._times: dict[str, list[tuple[int, int]]] = {topic: [] for topic in self.config.topics}
        for topic in self.config.topics:  # deep: what comes while this process does not get its turn is not lost
            self.create_subscription(Image, topic, self._taker(topic), qos.EVENTS)

    def _taker(self, topic: str) -> Callable[[Image], None]:
        times = self._times[topic]

        def take(msg: Image) -> None:
            times.append((convert.time_from_msg(msg.header.stamp), self.now_ns()))
            if not self._complete and all(self._times.values()):
                self._complete = True
                self.get_logger().info(COMPLETE)

        return take

    def close(self) -> None:
        """Write the times."""
        if self.config.file:
            rows = [(n, *times) for n, topic in enumerate(self.config.topics) for times in self._times[topic]]
            np.save(self.config.file, np.array(rows, np.int64).reshape(-1, 3))


def main(args: Any = None) -> int:
    """Run the node; return its exit code."""
    return run(ImageWitnessNode, args)


if __name__ == "__main__":
    sys.exit(main())
