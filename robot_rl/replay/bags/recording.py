"""What a bag of plain topics holds, by stamps; of images only when each was taken."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from robot_rl.config.robot import RobotConfig
from robot_rl.core.errors import SchemaError, UsageError
from robot_rl.replay.bags import decode
from robot_rl.replay.bags.commanded import DECODERS, Commanded, commanded
from robot_rl.replay.bags.reading import BagReader, Message
from robot_rl.replay.bags.series import Series
from robot_rl.replay.bags.topic_map import POSE, TWIST, TopicMap
from robot_rl.robot.twin import KinematicTwin

UNSTAMPED = "std_msgs/"
"""Start of the message types that have no Header."""
FOREVER = 1 << 62

Progress = Callable[[int, int], None]
Decoder = Callable[[Any, RobotConfig], Any]


@dataclass(frozen=True)
class Recording:
    """Everything but the images.

    `joints`: positions, velocities and gripper of the measured joints (n, 2J + 1). `frames`: for each camera the
    number, counted in the bag's order, of the image of each stamp. `openings` (n,) are commanded, `outcomes` (n, 3)
    reward, success, terminated. `spans`: (first, last) stamp of each episode. `unusable`: messages left out, by why.
    """

    joints: Series
    frames: dict[str, Series]
    motion: Commanded
    openings: Series
    outcomes: Series
    successes: Series
    spans: tuple[tuple[int, int], ...]
    unusable: Counter[str]


class Clock:
    """Stamps of messages that bear none: when they were recorded, on the clock of the newest joint state's stamp.

    A recorder runs on wall time, a simulated robot may not.
    """

    def __init__(self) -> None:
        self._behind = 0

    def stamp(self, message: Message, *, leads: bool) -> int:
        """Stamp of a message [ns]; joint states lead the clock."""
        stamp = 0 if message.kind.startswith(UNSTAMPED) else message.stamp_ns()
        if stamp and leads:
            self._behind = message.time_ns - stamp
        return stamp or message.time_ns - self._behind


def read_recording(
    reader: BagReader, topics: TopicMap, robot: RobotConfig, twin: KinematicTwin, progress: Progress
) -> Recording:
    """Read all `topics` (resolved) of a bag; UsageError where a needed one has no usable message."""
    collector = _Collector(topics, _decoders(reader, topics), robot)
    total = reader.count(topics.topics)
    for number, message in enumerate(reader.messages(topics.topics)):
        collector.add(message)
        progress(number + 1, total)
    frames, found = collector.frames, collector.found
    for camera, topic in topics.cameras.items():
        collector.require(frames[topic], f"camera '{camera}'", reader)
    for role in ("joint_states", "command"):
        collector.require(found[role], role, reader)
    names = topics.names
    return Recording(
        joints=Series.of(found["joint_states"], (2 * len(robot.joints) + 1,)),
        frames={camera: Series.of(frames[topic], dtype=np.int64) for camera, topic in topics.cameras.items()},
        motion=commanded(reader.topics[names.command], found["command"], twin),
        openings=Series.of(found["gripper"]),
        outcomes=Series.of(found["reward"], (3,)),
        successes=Series.of(found["success"]),
        spans=_spans(found["episode"], reader.topics[names.episode]) if names.episode else ((-FOREVER, FOREVER),),
        unusable=collector.unusable,
    )


class _Collector:
    """Sorts messages into (stamp, value) by role, and (stamp, number in the bag's order) by image topic."""

    def __init__(self, topics: TopicMap, decoders: dict[str, tuple[str, Decoder]], robot: RobotConfig) -> None:
        self.frames: dict[str, list[tuple[int, int]]] = {topic: [] for topic in topics.cameras.values()}
        self.found: defaultdict[str, list[tuple[int, Any]]] = defaultdict(list)
        self.unusable: Counter[str] = Counter()
        self._leader, self._decoders, self._robot = topics.names.joint_states, decoders, robot
        self._cameras = {topic: camera for camera, topic in topics.cameras.items()}
        self._clock, self._images = Clock(), Counter[str]()

    def add(self, message: Message) -> None:
        """Take one message; count it where it is not usable."""
        topic = message.topic
        role, decoder = self._decoders.get(topic, (f"camera '{self._cameras.get(topic)}'", None))
        number = self._images[topic]
        self._images[topic] += 1
        try:
            stamp = self._clock.stamp(message, leads=topic == self._leader)
            if decoder is not None:
                self.found[role].append((stamp, decoder(message.decode(), self._robot)))
                return
            if not self.frames[topic]:
                decode.pixels(message)  # where the first has a wrong encoding, all have
            self.frames[topic].append((stamp, number))
        except SchemaError as error:
            self.unusable[f"{role}: {str(error).rstrip('.')}"] += 1

    def require(self, items: Sequence[tuple[int, Any]], role: str, reader: BagReader) -> None:
        """Raise UsageError, with the reason, where there is none of what `role` needs."""
        if not items:
            reasons = [reason for reason in self.unusable if reason.startswith(f"{role}: ")]
            why = f" ({reasons[0].removeprefix(f'{role}: ')})" if reasons else ""
            raise UsageError(f"bag '{reader.path}' holds no usable message for {role}{why}: name another topic.")


def _decoders(reader: BagReader, topics: TopicMap) -> dict[str, tuple[str, Decoder]]:
    """Topic -> (role, decoder) of all topics but the images."""
    names = topics.names
    command = DECODERS[reader.topics[names.command]]
    if reader.topics[names.command] in (POSE, TWIST):
        command = _in_one_frame(command)
    decoders: dict[str, Decoder] = {
        "joint_states": decode.joint_state,
        "command": command,
        "gripper": decode.opening,
        "reward": decode.outcome,
        "success": decode.number,
        "episode": decode.number,
    }
    return {getattr(names, role): (role, decoder) for role, decoder in decoders.items() if getattr(names, role)}


def _in_one_frame(decoder: Decoder) -> Decoder:
    """The decoder, with UsageError where a command's frame is another than the first one's."""
    frames: set[str] = set()

    def decode_in_frame(msg: Any, robot: RobotConfig) -> Any:
        frames.add(msg.header.frame_id)
        if len(frames) > 1:
            raise UsageError(f"commands come in frames {', '.join(sorted(frames))}: record them in the base frame.")
        return decoder(msg, robot)

    return decode_in_frame


def _spans(items: list[tuple[int, int]], kind: str) -> tuple[tuple[int, int], ...]:
    """First and last stamp of each episode."""
    stamps, values = [stamp for stamp, _ in items], [value for _, value in items]
    if kind.endswith("/Bool"):
        values = [value - 1 for value in values]
    elif kind.endswith("/Empty"):
        values = list(range(len(items)))
    begins = [k for k in range(len(values)) if k == 0 or values[k] != values[k - 1]]
    ends = [stamps[k] - (values[k] >= 0) for k in begins[1:]] + [FOREVER]
    return tuple((stamps[k], end) for k, end in zip(begins, ends, strict=True) if values[k] >= 0)
