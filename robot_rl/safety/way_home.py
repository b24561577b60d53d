"""Finds a way home that is clear from beginning to end: direct, over via points, after a higher retreat."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import ruckig

from robot_rl.config.limits import WorkspaceConfig
from robot_rl.config.robot import RobotConfig
from robot_rl.core.geometry import Pose
from robot_rl.robot.ik import DifferentialIK, Infeasible
from robot_rl.robot.twin import KinematicTwin
from robot_rl.safety.path_check import PathCheck

BELOW_HOME = 0.02
"""How far below home's height the tcp may be when it leaves for home [m]."""
BELOW_TOP = 0.01
"""How far below the workspace's upper wall the highest retreat ends [m]."""
STEP, STEP_S = 0.01, 0.05
"""Step [m] and time of a step [s] in which a straight motion is foreseen."""
MISSED = 0.005
"""Distance [m] from its end at which a straight motion counts as arrived."""
INWARD = (0.3, 0.6, 0.9)
"""Shares of the straight way to home's position that are tried where all else leaves the workspace."""
TCP_SHARE = 0.9
"""Share of the tcp's speed limits that a plan uses at most."""


@dataclass(frozen=True)
class Plan:
    """A checked way home: the tcp straight to `end` (3,) [m] where given, then joint paths (K, J), a row a tick."""

    end: np.ndarray | None
    legs: tuple[np.ndarray, ...]


class WayHome:
    """Plans over the twin. `speed` is the share of the joints' velocity and acceleration limits that plans use."""

    def __init__(self, robot: RobotConfig, workspace: WorkspaceConfig, speed: float) -> None:
        self._robot, self._speed, self._dt = robot, speed, 1.0 / robot.command.rate_hz
        self._twin = KinematicTwin(robot)
        self._ik, self._check = DifferentialIK(self._twin), PathCheck(robot, workspace)
        self._stops = tuple(np.array(q) for q in (*robot.reset.via, robot.home))
        top = workspace.upper[2] - BELOW_TOP
        self._goal = self._twin.tcp_pose(self._stops[-1]).position
        self._heights = (min(self._goal[2] - BELOW_HOME, top), top)

    def plan(self, q: np.ndarray, straight: bool = True) -> Plan | None:
        """The first way from rest at `q` (J,) [rad] that is clear, or None; without `straight` only joint motions."""
        for end, start in self._starts(q, straight):
            for first in range(len(self._stops) - 1, -1, -1):
                legs = self._legs(start, self._stops[first:])
                if legs is not None:
                    return Plan(end, legs)
        return None

    def _starts(self, q: np.ndarray, straight: bool) -> Iterator[tuple[np.ndarray | None, np.ndarray]]:
        """Ends of straight motions, and where the arm is then: up where it is low, higher, inward, none."""
        for end in self._ends(q) if straight else (None,):
            path = q[None] if end is None else self._straight(q, end)
            if path is not None and self._check.blocked(path) is None:
                yield end, path[-1]

    def _ends(self, q: np.ndarray) -> list[np.ndarray | None]:
        at = self._twin.tcp_pose(q).position
        up = [np.array([*at[:2], height]) for height in self._heights if at[2] < height - MISSED]
        inward = [at + share * (self._goal - at) for share in INWARD]
        low = len(up) == len(self._heights)
        return [*up, *inward, None] if low else [None, *up, *inward]

    def _straight(self, q: np.ndarray, end: np.ndarray) -> np.ndarray | None:
        """Joint path (K, J) that brings the tcp straight to `end` (3,) [m], or None where the arm cannot follow."""
        path, pose = [q], self._twin.tcp_pose(q)
        steps = max(1, round(float(np.linalg.norm(end - pose.position)) / STEP))
        for at in np.linspace(pose.position, end, steps + 1)[1:]:
            try:
                path.append(path[-1] + self._ik.solve(path[-1], Pose(at, pose.quaternion), STEP_S) * STEP_S)
            except Infeasible:
                return None
        missed = np.linalg.norm(self._twin.tcp_pose(path[-1]).position - end)
        return np.array(path) if missed < MISSED else None

    def _legs(self, start: np.ndarray, stops: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...] | None:
        legs: list[np.ndarray] = []
        for stop in stops:
            legs.append(self._leg(start, stop))
            if self._check.blocked(legs[-1]) is not None:
                return None
            start = stop
        return tuple(legs)

    def _leg(self, start: np.ndarray, stop: np.ndarray) -> np.ndarray:
        """Jerk-limited time-optimal joint path (K, J) between two configurations at rest, within the tcp's speed."""
        path = self._sampled(start, stop, 1.0)
        share = self._check.speed_share(path, self._dt) / TCP_SHARE
        return self._sampled(start, stop, 1.0 / share) if share > 1.0 else path

    def _sampled(self, start: np.ndarray, stop: np.ndarray, slower: float) -> np.ndarray:
        limits, size = self._robot.limits, len(start)
        wanted, course = ruckig.InputParameter(size), ruckig.Trajectory(size)
        wanted.current_position, wanted.target_position = list(start), list(stop)
        wanted.max_velocity = [v * self._speed * slower for v in limits.velocity]
        wanted.max_acceleration = [a * self._speed for a in limits.acceleration]
        wanted.max_jerk = list(limits.jerk)
        ruckig.Ruckig(size).calculate(wanted, course)
        ticks = int(np.ceil(course.duration / self._dt - 1e-9))
        return np.array([start, *(course.at_time(tick * self._dt)[0] for tick in range(1, ticks)), stop])
