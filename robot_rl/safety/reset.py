"""The way home after an episode: open the gripper, retreat upwards, then a time-optimal joint motion (ruckig)."""

from __future__ import annotations

from enum import Enum

import numpy as np
import ruckig

from robot_rl.config.limits import LimitsConfig
from robot_rl.config.robot import RobotConfig
from robot_rl.safety.filter import Motion, SafetyFilter

RETREAT_SPEED = 0.2
"""Upward tcp speed of the retreat [m/s]."""
OPEN_S = 0.15
"""Time that the gripper gets to let go [s]."""
OFF_PLAN = 0.02
"""Largest joint distance from the plan at which it is still followed [rad]."""
ARRIVED = 1e-3
"""Largest joint error at which home is reached [rad]."""


class Phase(Enum):
    """Where a reset stands."""

    OPEN = "opening the gripper"
    RETREAT = "retreating"
    HOME = "moving home"
    ARRIVED = "home"


class ResetMotion:
    """Ticks through a reset; every command goes through the filter like any other motion."""

    def __init__(self, robot: RobotConfig, filter_: SafetyFilter, speed: float, dt: float) -> None:
        self._filter, self._dt, self._speed = filter_, dt, speed
        self._home = np.array(robot.home)
        self._limits = robot.limits
        self._clear_height = filter_.twin.tcp_pose(self._home).position[2] - 0.02
        self.phase = Phase.OPEN
        self._ticks = 0
        self._plan: _HomePlan | None = None

    def tick(self) -> Motion:
        """Return the next tick's motion and advance the phase."""
        self._ticks += 1
        if self.phase is Phase.OPEN:
            if self._ticks * self._dt >= OPEN_S and self._filter.still:
                self.phase = Phase.RETREAT
            return self._filter.brake(self._dt)
        if self.phase is Phase.RETREAT:
            return self._retreat()
        if self.phase is Phase.HOME:
            return self._go_home()
        return self._filter.brake(self._dt)

    def _retreat(self) -> Motion:
        missing = self._clear_height - self._filter.tcp.position[2]
        if missing <= 0.0:
            self.phase = Phase.HOME
            return self._filter.brake(self._dt)
        ramp = min(RETREAT_SPEED, self._filter.tcp_speed + 1.5 * self._dt, 2.0 * missing + 0.02)
        return self._filter.follow_tcp(np.array([0.0, 0.0, ramp]), self._filter.tcp.quaternion, self._dt)

    def _go_home(self) -> Motion:
        if self._plan is None:
            if not self._filter.still:
                return self._filter.brake(self._dt)
            self._plan = _HomePlan(self._filter.q, self._home, self._limits, self._speed, self._dt)
        planned = self._plan.next()
        motion = self._filter.follow_joints(planned, self._dt)
        if np.abs(self._filter.q - planned).max() > OFF_PLAN:
            self._plan = None  # something held the robot back: stop, and plan anew from where it is
        elif self._plan.finished and np.abs(self._filter.q - self._home).max() < ARRIVED:
            self.phase = Phase.ARRIVED
        return motion


class _HomePlan:
    """Jerk-limited time-optimal motion between two configurations at rest."""

    def __init__(self, start: np.ndarray, home: np.ndarray, limits: LimitsConfig, speed: float, dt: float) -> None:
        self._plan, self.finished = ruckig.Ruckig(len(home), dt), False
        self._input, self._output = ruckig.InputParameter(len(home)), ruckig.OutputParameter(len(home))
        self._input.current_position, self._input.target_position = list(start), list(home)
        self._input.max_velocity = [v * speed for v in limits.velocity]
        self._input.max_acceleration = [a * speed for a in limits.acceleration]
        self._input.max_jerk = list(limits.jerk)

    def next(self) -> np.ndarray:
        """Joint positions (J,) [rad] of the next tick."""
        self.finished = self._plan.update(self._input, self._output) == ruckig.Result.Finished
        self._output.pass_to_input(self._input)
        return np.array(self._output.new_position)
