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
RISE, RISE_S = 0.01, 0.05
"""Step [m] and time of a step [s] in which a retreat is foreseen."""
MISSED = 0.005
"""Height [m] that a foreseen retreat may lack."""
TCP_SHARE = 0.9
"""Share of the tcp's speed limits that a plan uses at most."""


@dataclass(frozen=True)
class Plan:
    """A checked way home: straight up to `height` [m] where given, then joint paths (K, J), a row a tick."""

    height: float | None
    legs: tuple[np.ndarray, ...]


class WayHome:
    """Plans over the twin. `speed` is the share of the joints' velocity and acceleration limits that plans use."""

    def __init__(self, robot: RobotConfig, workspace: WorkspaceConfig, speed: float) -> None:
        self._robot, self._speed, self._dt = robot, speed, 1.0 / robot.command.rate_hz
        self._twin = KinematicTwin(robot)
        self._ik, self._check = DifferentialIK(self._twin), PathCheck(robot, workspace)
        self._stops = tuple(np.array(q) for q in (*robot.reset.via, robot.home))
        top = workspace.upper[2] - BELOW_TOP
        self._heights = (min(self._twin.tcp_pose(self._stops[-1]).position[2] - BELOW_HOME, top), top)

    def plan(self, q: np.ndarray, retreat: bool = True) -> Plan | None:
        """The first way from rest at `q` (J,) [rad] that is clear, or None; without `retreat` only joint motions."""
        for height, start in self._starts(q, retreat):
            for first in range(len(self._stops) - 1, -1, -1):
                legs = self._legs(start, self._stops[first:])
                if legs is not None:
                    return Plan(height, legs)
        return None

    def _starts(self, q: np.ndarray, retreat: bool) -> Iterator[tuple[float | None, np.ndarray]]:
        """Heights to retreat to, and where the arm is then; at last from where it is."""
        level = self._twin.tcp_pose(q).position[2]
        heights = [height for height in self._heights if level < height] if retreat else []
        if retreat and level >= self._heights[0]:
            yield None, q
        for height in heights:
            path = self._rise(q, height)
            if path is not None and self._check.blocked(path) is None:
                yield height, path[-1]
        if not retreat or level < self._heights[0]:
            yield None, q

    def _rise(self, q: np.ndarray, height: float) -> np.ndarray | None:
        """Joint path (K, J) straight up to `height` [m], or None where the arm cannot follow it."""
        path, pose = [q], self._twin.tcp_pose(q)
        steps = max(1, round((height - pose.position[2]) / RISE))
        for level in np.linspace(pose.position[2], height, steps + 1)[1:]:
            target = Pose(np.array([*pose.position[:2], level]), pose.quaternion)
            try:
                path.append(path[-1] + self._ik.solve(path[-1], target, RISE_S) * RISE_S)
            except Infeasible:
                return None
        reached = self._twin.tcp_pose(path[-1]).position[2]
        return np.array(path) if reached > height - MISSED else None

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
