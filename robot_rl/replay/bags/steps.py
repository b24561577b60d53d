"""Imports bags of step records: exported ones, and what `ros2 bag record step` recorded of a running graph."""

from __future__ import annotations

import math
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np

from robot_rl.config.loader import load
from robot_rl.config.nodes import RigConfig
from robot_rl.core import wire
from robot_rl.core.errors import RobotRLError, SchemaError, UsageError
from robot_rl.core.record import StepSpec
from robot_rl.core.spec import IMAGE_CHANNELS
from robot_rl.replay.bags.description import CHECKSUM, SUFFIX, Description
from robot_rl.replay.bags.inlet import Imported, Inlet
from robot_rl.replay.bags.reading import BagReader, Message
from robot_rl.replay.writer import ReplayWriter
from robot_rl.robot.spec import load_robot, step_spec

STEP = "step"
STEP_KINDS = ("sensor_msgs/msg/PointCloud2",)
TEXT_KINDS, CHECK_KINDS = ("std_msgs/msg/String",), ("std_msgs/msg/UInt32",)
IMAGE = "image_"

Progress = Callable[[int, int], None]


def import_bag(
    bag: Path | str,
    out: Path | str,
    spec: StepSpec | None = None,
    meta: Mapping[str, str] | None = None,
    progress: Progress = lambda done, total: None,
    *,
    topic: str = STEP,
) -> Imported:
    """Append the steps of `bag` to the store `out` (created where there is none); calls `progress(steps, steps)`.

    `spec` and `meta` are needed where the bag does not hold a description of its steps; where it does, they must
    agree with it. Raises UsageError where the bag or its topic cannot be used, SchemaError where steps and store do
    not fit each other, RobotRLError where the bag turns out damaged or the disk refuses: rows taken until then stay.
    """
    with BagReader(bag) as reader:
        steps = reader.require(topic, STEP_KINDS, "steps")
        described = describe(reader, steps)
        if described is not None:
            _agree(described, spec, meta, reader.path)
        elif spec is not None and meta is not None:
            described = Description(spec, meta)
        else:
            raise UsageError(
                f"bag '{bag}' does not say what its steps are of (no topic '{steps}{SUFFIX}'): "
                "name the robot and the task."
            )
        total, done = reader.count([steps]), Imported()
        with ReplayWriter.open(out, described.spec, described.meta) as writer:
            inlet = Inlet(writer, done)
            for number, record in enumerate(_records(reader, steps, described.spec)):
                inlet.take(record)
                progress(number + 1, total)
    return done


def describe(reader: BagReader, steps: str) -> Description | None:
    """What the bag says of its steps on topic `steps`; None where it says nothing."""
    topic = steps + SUFFIX
    if reader.topics.get(topic) not in TEXT_KINDS:
        return None
    message = next(reader.messages([topic]), None)
    return None if message is None else Description.from_text(message.decode().data, f"topic '{topic}'")


def described_by(bag: Path | str, topic: str, robot: str, task: str) -> Description:
    """Layout and meta of a live recording from its robot (name or YAML file), task and what the messages show.

    UsageError where the bag holds no steps, SchemaError where they are not square images of cameras.
    """
    with BagReader(bag) as reader:
        message = next(reader.messages([reader.require(topic, STEP_KINDS, "steps")]), None)
    if message is None:
        raise UsageError(f"bag '{bag}' holds no step: record `step` while the graph runs.")
    step = message.decode()
    wire.check_schema(step.header.frame_id)
    counts = {f.name.removeprefix(IMAGE): f.count for f in step.fields if f.name.startswith(IMAGE)}
    sizes = {math.isqrt(count // IMAGE_CHANNELS) for count in counts.values()}
    if len(sizes) != 1 or {IMAGE_CHANNELS * size**2 for size in sizes} != set(counts.values()):
        raise SchemaError(f"bag '{bag}' has steps with images of {counts} values, not square ones of one size.")
    options = {"robot": robot, "task": task, "cameras": list(counts), "image_size": sizes.pop()}
    rig = load(RigConfig, options, f"bag '{bag}'")
    return Description(step_spec(rig, load_robot(robot)), {"task": task, "robot": robot})


def _agree(described: Description, spec: StepSpec | None, meta: Mapping[str, str] | None, bag: Path) -> None:
    ours, theirs = _parts(described.spec, described.meta), _parts(spec or described.spec, meta or {})
    for key, value in theirs.items():
        if ours.get(key, value) != value:
            raise SchemaError(f"bag '{bag}' has {key} '{ours[key]}', not '{value}': use a bag of this rig.")


def _parts(spec: StepSpec, meta: Mapping[str, str]) -> dict[str, str]:
    obs = spec.observation
    parts = {
        "cameras": ", ".join(obs.cameras),
        "proprio": ", ".join(obs.proprio),
        "action": ", ".join(spec.action.names),
    }
    return {**parts, "image size": f"{obs.image_height} x {obs.image_width}", **meta}


def _records(reader: BagReader, steps: str, spec: StepSpec) -> Iterator[np.ndarray]:
    """The records, each compared with its checksum where the bag has them."""
    check = steps + CHECKSUM
    if reader.topics.get(check) not in CHECK_KINDS:
        yield from (_record(message, spec, reader.path) for message in reader.messages([steps]))
        return
    records, checks = deque[np.ndarray](), deque[int]()
    for number, message in enumerate(reader.messages([steps, check])):
        if message.topic == check:
            checks.append(message.decode().data)
        else:
            records.append(_record(message, spec, reader.path))
        if records and checks:
            record = records.popleft()
            if zlib.crc32(record.tobytes()) != checks.popleft():
                raise RobotRLError(
                    f"bag '{reader.path}' is damaged: step {number // 2} does not match its checksum; what was "
                    "imported stays; restore the bag from a copy."
                )
            yield record


def _record(message: Message, spec: StepSpec, bag: Path) -> np.ndarray:
    try:
        step = message.decode()
        return wire.step_record(step.header.frame_id, step.fields, step.data, spec)
    except SchemaError as error:
        raise SchemaError(f"bag '{bag}': {error}") from None
