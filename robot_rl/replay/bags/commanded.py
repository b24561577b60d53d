"""Where recorded commands wanted the tcp to be, at any time. Poses and twists count in the robot's base frame.

A command belongs to the time from its stamp on: asked for a time, those before it count, not one at that very time,
because an observation cannot show what is only then commanded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from robot_rl.config.robot import RobotConfig
from robot_rl.core.geometry import Pose
from robot_rl.replay.bags import decode
from robot_rl.replay.bags.series import Series
from robot_rl.replay.bags.topic_map import FLOATS, JOINT_STATE, POSE, TRAJECTORY, TWIST
from robot_rl.robot.twin import KinematicTwin

DOWN = np.array([0.0, 1.0, 0.0, 0.0])
"""Orientation (wxyz) where a twist says none: of displacements only the position counts."""
TWIST_TIMEOUT_NS = 100_000_000
"""Time after which a twist that is not repeated no longer moves the robot: MoveIt Servo's default [ns]."""
UNTURNED = np.array([1.0, 0.0, 0.0, 0.0])
"""Orientation of what twists amount to: their turning is left out."""
DECODERS: dict[str, Callable[[Any, RobotConfig], np.ndarray]] = {
    FLOATS: decode.joint_targets,
    JOINT_STATE: decode.joint_targets,
    TRAJECTORY: decode.trajectory,
    POSE: decode.pose,
    TWIST: decode.twist,
}
"""Message type of a command -> its numbers."""


class Commanded(Protocol):
    """Commands as a motion of the tcp."""

    stamps: np.ndarray
    """Stamps (n,) of the commands [ns], not decreasing."""

    def tcp(self, time_ns: int, q: np.ndarray) -> Pose:
        """Pose commanded just before `time_ns`; that of measured joint positions `q` (J,) before any command."""


def commanded(kind: str, items: list[tuple[int, np.ndarray]], twin: KinematicTwin) -> Commanded:
    """Commands of message type `kind` from (stamp, what its decoder gave) in any order."""
    if kind == TRAJECTORY:
        return Trajectories(items, twin)
    if kind == POSE:
        return Poses(Series.of(items, (7,)), twin)
    if kind == TWIST:
        return Twists(Series.of(items, (3,)))
    return JointTargets(Series.of(items, (len(twin.robot.joints),)), twin)


class JointTargets:
    """Joint positions, each in force until the next."""

    def __init__(self, targets: Series, twin: KinematicTwin) -> None:
        self._targets, self._twin, self.stamps = targets, twin, targets.stamps

    def tcp(self, time_ns: int, q: np.ndarray) -> Pose:
        """See Commanded."""
        k = self._targets.before(time_ns)
        return self._twin.tcp_pose(q if k < 0 else self._targets.values[k])


class Poses:
    """Poses of the tcp, each in force until the next."""

    def __init__(self, poses: Series, twin: KinematicTwin) -> None:
        self._poses, self._twin, self.stamps = poses, twin, poses.stamps

    def tcp(self, time_ns: int, q: np.ndarray) -> Pose:
        """See Commanded."""
        k = self._poses.before(time_ns)
        return self._twin.tcp_pose(q) if k < 0 else Pose(self._poses.values[k][:3], self._poses.values[k][3:])


class Twists:
    """Velocities, each in force until the next or its timeout; the pose is their integral, up to a constant."""

    def __init__(self, twists: Series) -> None:
        self._twists, self.stamps = twists, twists.stamps
        lasted = np.minimum(np.diff(twists.stamps), TWIST_TIMEOUT_NS)[:, None] * 1e-9
        moved = np.cumsum(twists.values[:-1] * lasted, axis=0)
        self._starts = np.concatenate([np.zeros((1, 3)), moved])

    def tcp(self, time_ns: int, q: np.ndarray) -> Pose:
        """See Commanded."""
        k = self._twists.before(time_ns)
        if k < 0:
            return Pose(np.zeros(3), UNTURNED)
        lasts = min(time_ns - int(self.stamps[k]), TWIST_TIMEOUT_NS) * 1e-9
        return Pose(self._starts[k] + self._twists.values[k] * lasts, UNTURNED)


class Trajectories:
    """Joint trajectories, straight between their points, each in force until the next."""

    def __init__(self, items: list[tuple[int, np.ndarray]], twin: KinematicTwin) -> None:
        items = sorted(items, key=lambda item: item[0])
        self._twin, self._points = twin, [points for _, points in items]
        self.stamps = np.array([stamp for stamp, _ in items], np.int64)
        self._from: dict[int, np.ndarray] = {}
        self._rest: np.ndarray | None = None

    def tcp(self, time_ns: int, q: np.ndarray) -> Pose:
        """See Commanded; call it with growing times: the first trajectory starts from the last `q` before it."""
        return self._twin.tcp_pose(self._joints(time_ns, q))

    def _joints(self, time_ns: int, q: np.ndarray) -> np.ndarray:
        k = int(np.searchsorted(self.stamps, time_ns, side="left")) - 1
        if k < 0 or self._rest is None:
            self._rest = q
        for j in range(len(self._from), k + 1):
            self._from[j] = self._along(j - 1, int(self.stamps[j])) if j else self._rest
        return self._along(k, time_ns) if k >= 0 else q

    def _along(self, k: int, time_ns: int) -> np.ndarray:
        """Joint positions of trajectory `k` at `time_ns`."""
        points, after = self._points[k], float(time_ns - int(self.stamps[k]))
        if not len(points):
            return self._from[k]
        times = np.concatenate([[-1.0 if points[0, 0] == 0 else 0.0], points[:, 0]])
        path = np.vstack([self._from[k], points[:, 1:]])
        return np.array([np.interp(after, times, path[:, j]) for j in range(path.shape[1])])
