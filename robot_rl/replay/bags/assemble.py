"""Ticks of a recording into step records: executed actions from the commands, outcomes, episodes."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np

from robot_rl.core.errors import UsageError
from robot_rl.core.record import Source, StepSpec
from robot_rl.replay.bags.recording import Recording
from robot_rl.replay.bags.ticks import Ticks
from robot_rl.robot.action_map import ActionMap
from robot_rl.robot.modes import make_mode
from robot_rl.robot.modes.cartesian_delta import CartesianDelta
from robot_rl.robot.proprio import ProprioMap
from robot_rl.robot.twin import KinematicTwin

LONE = "an episode of one observation"
AFTER_END = "after the episode's end"
SLACK = 1e-3
"""Share of full scale by which rounding alone may exceed it."""


class StepsOfRecording:
    """Makes the records of one recording, in order.

    An episode is cut, as by a time limit, where ticks are missing; it ends with the first outcome that is a success
    or a termination. The executed action of a tick is the displacement commanded from it to the next one.
    """

    def __init__(self, spec: StepSpec, recording: Recording, ticks: Ticks, twin: KinematicTwin, source: Source) -> None:
        robot = twin.robot
        mode = make_mode(robot, twin.tcp_pose(np.array(robot.home)).quaternion, 1.0)
        if not isinstance(mode, CartesianDelta) or robot.action.rotation:
            raise UsageError(
                f"robot '{robot.name}' has action.mode '{robot.action.mode}', rotation {robot.action.rotation}: "
                "a bag gives tcp displacements; import it for a robot with cartesian_delta and rotation 0."
            )
        self.clipped, self.left_out = 0, Counter[str]()
        self._spec, self._recording, self._ticks, self._twin = spec, recording, ticks, twin
        self._mode, self._map, self._proprio = mode, ActionMap(robot), ProprioMap(robot, twin)
        self._joints, self._full = len(robot.joints), robot.action.translation
        self._source, self._run_id = int(source), _run_id(recording, ticks)
        self._seq, self._episode, self._index = 0, 0, 0

    def records(self, images: Iterable[dict[str, np.ndarray] | None], outcomes: np.ndarray) -> Iterator[np.ndarray]:
        """Records, shape (), from the images of each tick (None: left out) and its outcome, (n, 3) float64:

        reward of the transition that led to it, success, terminated.
        """
        held: np.ndarray | None = None
        over = -1
        for tick, seen in enumerate(images):
            span = int(self._ticks.span[tick])
            follows = tick > 0 and span == self._ticks.span[tick - 1]
            if held is not None and not (follows and seen is not None):
                yield from self._end(held, terminal=False)
                held = None
            if seen is None or span == over:
                self.left_out[AFTER_END] += seen is not None
                continue
            record = self._observed(tick, seen, success=outcomes[tick, 1] > 0)
            if held is not None:
                yield self._acted(held, tick - 1, outcomes[tick, 0])
            held = record
            if outcomes[tick, 1:].any():
                yield from self._end(held, terminal=outcomes[tick, 2] > 0)
                held, over = None, span
        if held is not None:
            yield from self._end(held, terminal=False)

    def _observed(self, tick: int, images: dict[str, np.ndarray], success: bool) -> np.ndarray:
        record, ticks = self._spec.empty(), self._ticks
        state, count = self._recording.joints.values[ticks.joints[tick]], self._joints
        record["run_id"], record["stamp_ns"], record["source"] = self._run_id, ticks.stamps[tick], self._source
        record["success"], record["age"] = success, ticks.ages[tick]
        record["proprio"] = self._proprio.vector(state[:count], state[count:-1], float(state[-1]))
        for camera, image in images.items():
            record[f"image_{camera}"] = image
        return record

    def _acted(self, record: np.ndarray, tick: int, reward: float) -> np.ndarray:
        """The record with the action from `tick` to the next and its reward."""
        stamps, joints, motion = self._ticks.stamps, self._recording.joints, self._recording.motion
        states = joints.values[self._ticks.joints[tick : tick + 2]]
        start, end = (
            motion.tcp(int(stamp), state[: self._joints])
            for stamp, state in zip(stamps[tick : tick + 2], states, strict=True)
        )
        openings = self._recording.openings
        newest = int(openings.before(int(stamps[tick + 1])))
        opening = states[1][-1] if newest < 0 else openings.values[newest]
        self.clipped += bool(np.abs(end.position - start.position).max() > self._full * (1 + SLACK))
        record["action"] = record["proposed"] = self._map.join(self._mode.invert(start, end), float(opening))
        record["reward"] = reward
        given = np.searchsorted(motion.stamps, stamps[tick])
        if given < len(motion.stamps) and motion.stamps[given] < stamps[tick + 1]:
            record["latency"] = (motion.stamps[given] - stamps[tick]) * 1e-9
        return self._numbered(record)

    def _end(self, record: np.ndarray, terminal: bool) -> Iterator[np.ndarray]:
        """The episode's last observation; nothing where it is the only one, which makes no transition."""
        if self._index == 0:
            self.left_out[LONE] += 1
            return
        record["is_last"], record["is_terminal"] = True, terminal
        yield self._numbered(record)
        self._episode, self._index = self._episode + 1, 0

    def _numbered(self, record: np.ndarray) -> np.ndarray:
        record["seq"], record["episode"], record["index"] = self._seq, self._episode, self._index
        record["is_first"] = self._index == 0
        self._seq, self._index = self._seq + 1, self._index + 1
        return record


def _run_id(recording: Recording, ticks: Ticks) -> int:
    """A number that the same recording, imported again in the same way, has too: its rows are then duplicates."""
    check = 0
    for part in (ticks.stamps, recording.joints.stamps, recording.joints.values, recording.motion.stamps):
        check = zlib.crc32(np.ascontiguousarray(part).tobytes(), check)
    return check
