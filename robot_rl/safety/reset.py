"""The way home after an episode: find a clear way, open the gripper, retreat upwards, over via points, home."""

from __future__ import annotations

from enum import Enum

import numpy as np

from robot_rl.safety.filter import Motion, SafetyFilter
from robot_rl.safety.way_home import Plan, WayHome

RETREAT_SPEED, NEAR = 0.2, 0.002
"""tcp speed of a straight motion [m/s], and the distance at which it has arrived [m]."""
OPEN_S = 0.15
"""Time that the gripper gets to let go [s]."""
OFF_PLAN = 0.02
"""Largest joint distance from the plan at which it is still followed [rad]."""
ARRIVED = 1e-3
"""Largest joint error at which the end of a path is reached [rad]."""
STUCK_S, NEARER = 0.5, 0.002
"""A straight motion that in this time [s] does not come nearer by this [m] is given up."""


class Phase(Enum):
    """Where a reset stands."""

    PLAN = "looking for a clear way home"
    OPEN = "opening the gripper"
    RETREAT = "retreating"
    MOVE = "moving home"
    ARRIVED = "home"
    BLOCKED = "no clear way home"


class ResetMotion:
    """Ticks through a reset; nothing moves before a whole way is found, and every command goes through the filter.

    Where something holds the robot off its plan it stops and looks for a way from where it is.
    """

    def __init__(self, filter_: SafetyFilter, way: WayHome, dt: float) -> None:
        self._filter, self._way, self._dt = filter_, way, dt
        self.phase = Phase.PLAN
        self._plan: Plan | None = None
        self._straight, self._opened = True, False
        self._leg = self._row = self._ticks = 0
        self._missing = np.inf

    def tick(self) -> Motion:
        """Return the next tick's motion and advance the phase."""
        self._ticks += 1
        if self.phase is Phase.PLAN and self._filter.still:
            self._look()
        elif self.phase is Phase.OPEN and self._ticks * self._dt >= OPEN_S:
            self._opened = True
            self._depart()
        elif self.phase is Phase.RETREAT:
            return self._retreat()
        elif self.phase is Phase.MOVE:
            return self._follow()
        return self._filter.brake(self._dt)

    def _enter(self, phase: Phase) -> None:
        self.phase, self._ticks = phase, 0

    def _look(self) -> None:
        self._plan = self._way.plan(self._filter.q, self._straight)
        if self._plan is None:
            self._enter(Phase.BLOCKED)
        elif self._opened:
            self._depart()
        else:
            self._enter(Phase.OPEN)

    def _depart(self) -> None:
        assert self._plan is not None
        self._leg = self._row = 0
        self._missing = np.inf
        self._enter(Phase.MOVE if self._plan.end is None else Phase.RETREAT)

    def _retreat(self) -> Motion:
        assert self._plan is not None and self._plan.end is not None
        way = self._plan.end - self._filter.tcp.position
        missing = float(np.linalg.norm(way))
        if self._ticks * self._dt >= STUCK_S:
            self._straight, self._ticks = missing < self._missing - NEARER, 0
            self._missing = missing
        if missing < NEAR or not self._straight:
            self._enter(Phase.PLAN)
            return self._filter.brake(self._dt)
        speed = min(RETREAT_SPEED, self._filter.tcp_speed + 1.5 * self._dt, 2.0 * missing + 0.02)
        return self._filter.follow_tcp(way / missing * speed, self._filter.tcp.quaternion, self._dt)

    def _follow(self) -> Motion:
        assert self._plan is not None
        leg = self._plan.legs[self._leg]
        self._row = min(self._row + 1, len(leg) - 1)
        motion = self._filter.follow_joints(leg[self._row], self._dt)
        if np.abs(self._filter.q - leg[self._row]).max() > OFF_PLAN:
            self._enter(Phase.PLAN)
        elif self._row == len(leg) - 1 and np.abs(self._filter.q - leg[-1]).max() < ARRIVED:
            self._leg, self._row = self._leg + 1, 0
            if self._leg == len(self._plan.legs):
                self._enter(Phase.ARRIVED)
        return motion
