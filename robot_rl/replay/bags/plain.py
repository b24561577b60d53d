"""Imports bags of plain topics, recorded from any robot: images, joint states and commands become steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from robot_rl.config.nodes import PolicyNodeConfig, RigConfig
from robot_rl.config.param import param
from robot_rl.config.robot import RobotConfig
from robot_rl.core.errors import UsageError
from robot_rl.core.record import Source, StepSpec
from robot_rl.replay.bags.assemble import StepsOfRecording
from robot_rl.replay.bags.frames import images_of
from robot_rl.replay.bags.inlet import Imported, Inlet
from robot_rl.replay.bags.outcomes import outcomes_of
from robot_rl.replay.bags.reading import BagReader
from robot_rl.replay.bags.recording import read_recording
from robot_rl.replay.bags.ticks import plan_ticks
from robot_rl.replay.bags.topic_map import TopicMap
from robot_rl.replay.writer import ReplayWriter
from robot_rl.robot.twin import KinematicTwin

Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class PlainOptions:
    """How a recording is cut into steps."""

    rate_hz: float = param(RigConfig.rate_hz, "observations per second", ge=0.1, le=1000.0)
    max_age_s: float = param(PolicyNodeConfig.max_age_s, "a source older than this gives no observation", ge=0.0)
    source: str = param("human", "who acted", choices=tuple(source.name.lower() for source in Source))
    success: bool = param(False, "whether every episode ended in success")


def import_plain(
    bag: Path | str,
    out: Path | str,
    spec: StepSpec,
    meta: Mapping[str, str],
    robot: RobotConfig,
    topics: TopicMap,
    options: PlainOptions = PlainOptions(),
    progress: Progress = lambda done, total: None,
) -> Imported:
    """Append the steps that `topics` of `bag` amount to, to the store `out` (created where there is none).

    Calls `progress(done, total)`, first of messages, then of ticks. What gives no step is counted in the result. The
    same bag imported again the same way gives duplicates, which are dropped. Raises as `import_bag`, and UsageError
    where a topic is missing or nothing can be assembled.
    """
    if options.success and (topics.names.reward or topics.names.success):
        raise UsageError("success is given for every episode and by a topic as well: leave out one of them.")
    with BagReader(bag) as reader:
        topics, twin = topics.resolve(reader, robot), KinematicTwin(robot)
        recording = read_recording(reader, topics, robot, twin, progress)
        done = Imported(left_out=recording.unusable)
        ticks = plan_ticks(recording, options.rate_hz, options.max_age_s, done.left_out)
        if ticks.usable.sum() < 2:
            why = "; ".join(f"{count} x {reason}" for reason, count in done.left_out.items()) or "too short"
            raise UsageError(f"bag '{bag}' gives no step ({why}): check its topics, the rate and the largest age.")
        numbers = {camera: recording.frames[camera].values[newest] for camera, newest in ticks.frames.items()}
        images = images_of(reader, topics.cameras, numbers, ticks.usable, spec.observation, done.left_out)
        rewarded, period_ns = bool(topics.names.reward), round(1e9 / options.rate_hz)
        outcomes = outcomes_of(recording, ticks, period_ns, rewarded=rewarded, succeeded=options.success)
        steps = StepsOfRecording(spec, recording, ticks, twin, Source[options.source.upper()])
        with ReplayWriter.open(out, spec, meta) as writer:
            inlet = Inlet(writer, done)
            for number, record in enumerate(steps.records(images, outcomes)):
                inlet.take(record)
                progress(number + 1, len(ticks.stamps))
    done.left_out.update(steps.left_out)
    done.clipped = steps.clipped
    done.measured_gripper = "gripper" in spec.action.names and not topics.names.gripper
    return done
