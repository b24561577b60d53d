"""Step records as ordinary topics, named as the graph names them, for viewers and plotters."""

from __future__ import annotations

import numpy as np

from robot_rl.core.record import Source, StepSpec
from robot_rl.replay.bags.messages import image_message, vector_message
from robot_rl.replay.bags.writing import BagWriter, reliable

PROPRIO, EXECUTED, REWARD = "/proprio", "/action/executed", "/reward"
OUTCOME = ("reward", "success", "terminated")
SOURCES = {int(source): source.name for source in Source}
DEPTH = 10


class PlainTopics:
    """Writes camera/<name>/image, proprio, action/executed and reward, each stamped as its step."""

    def __init__(self, spec: StepSpec, bag: BagWriter) -> None:
        """Declare the topics."""
        self._spec, self._bag = spec, bag
        self._next: tuple[int, ...] = ()
        self._reward = 0.0
        for camera in spec.observation.cameras:
            bag.add_topic(image_topic(camera), "sensor_msgs/msg/Image", reliable(DEPTH))
        for topic in (PROPRIO, EXECUTED, REWARD):
            bag.add_topic(topic, "sensor_msgs/msg/JointState", reliable(DEPTH))

    def write(self, record: np.ndarray, time_ns: int) -> None:
        """Write what one record, shape (), holds; the reward is the one that led to its observation."""
        spec, stamp_ns = self._spec, int(record["stamp_ns"])
        for camera in spec.observation.cameras:
            self._bag.write(image_topic(camera), time_ns, image_message(record[f"image_{camera}"], stamp_ns, camera))
        self._bag.write(PROPRIO, time_ns, vector_message(spec.observation.proprio, record["proprio"], stamp_ns))
        if not record["is_last"]:
            values = np.append(record["action"], record["latency"])
            names, source = (*spec.action.names, "latency"), SOURCES.get(int(record["source"]), "")
            self._bag.write(EXECUTED, time_ns, vector_message(names, values, stamp_ns, source))
        outcome = (self._earned(record), float(record["success"]), float(record["is_terminal"]))
        self._bag.write(REWARD, time_ns, vector_message(OUTCOME, outcome, stamp_ns))

    def _earned(self, record: np.ndarray) -> float:
        """Reward of the transition that led to this observation; 0 where the row before is not its predecessor."""
        place = (int(record["run_id"]), int(record["episode"]), int(record["index"]))
        earned = self._reward if place == self._next else 0.0
        self._next, self._reward = (*place[:2], place[2] + 1), float(record["reward"])
        return earned


def image_topic(camera: str) -> str:
    """Topic of a camera's images."""
    return f"/camera/{camera}/image"
