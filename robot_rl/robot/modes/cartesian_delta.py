"""Displacement of the tcp per step, and with a rotation scale its turn: (dx, dy, dz[[, rx, ry], rz])."""

from __future__ import annotations

import numpy as np

from robot_rl.config.robot import ActionConfig
from robot_rl.core.geometry import Pose, rotated, rotation_vector
from robot_rl.robot.modes.base import ArmState, TcpMotion, along, turning_axes, upright
from robot_rl.robot.modes.ramp import Ramp

LEVELLING = 2.0
"""Share per second of a tilt that is taken back where actions turn about z alone [1/s]."""


class CartesianDelta:
    """A full action displaces the tcp by `translation` along, and turns it by `rotation` about, the base's axes.

    Without rotation the tcp keeps the orientation `level` (4,) wxyz; with rotation about z alone it keeps it but for
    its yaw. `period` is the duration of a step [s].
    """

    def __init__(self, config: ActionConfig, level: np.ndarray, period: float) -> None:
        self.axes = turning_axes(config)
        self.names = ("dx", "dy", "dz", *("r" + "xyz"[axis] for axis in self.axes))
        self.rows = [0, 1, 2, *(3 + axis for axis in self.axes)]
        self.scale = np.repeat([config.translation, config.rotation], 3)[self.rows]
        self.level, self._period = level, period

    def target(self, tcp: Pose, action: np.ndarray) -> Pose:
        """Pose that `action` (M,) asks for, from the tcp pose at its begin."""
        step = self.scale * np.asarray(action, np.float64)
        return Pose(tcp.position + step[:3], rotated(self.held(tcp.quaternion), along(self.axes, step[3:])))

    def held(self, quaternion: np.ndarray) -> np.ndarray:
        """Orientation (4,) wxyz that a tcp at `quaternion` keeps where the action does not turn it."""
        if len(self.axes) == 3:
            return quaternion
        return upright(self.level, quaternion) if self.axes else self.level

    def invert(self, start: Pose, end: Pose) -> np.ndarray:
        """Action (M,), clipped to [-1, 1], that takes the tcp from `start` to `end`."""
        step = [*(end.position - start.position), *rotation_vector(start.quaternion, end.quaternion)]
        result: np.ndarray = np.clip(np.array(step)[self.rows] / self.scale, -1.0, 1.0)
        return result

    def begin(self, action: np.ndarray, arm: ArmState) -> _Course:
        """Course of `action` (M,) from the commanded `arm`."""
        speed = self.scale / self._period
        start = np.concatenate([arm.velocity, arm.turn])[self.rows]
        return _Course(self, Ramp(start, speed * np.asarray(action, np.float64)), speed, arm.tcp)


class _Course:
    """Adds up where the tcp was asked to be, so that what became of the action follows from where it is."""

    def __init__(self, mode: CartesianDelta, ramp: Ramp, speed: np.ndarray, tcp: Pose) -> None:
        self._mode, self._ramp, self._speed = mode, ramp, speed
        self._position, self._quaternion = tcp.position, tcp.quaternion

    def next(self, arm: ArmState, dt: float) -> TcpMotion:
        """Motion that is asked for in the next tick."""
        velocity = self._ramp.next(dt)
        self._position = self._position + velocity[:3] * dt
        if len(velocity) == 3:
            return TcpMotion(velocity, self._mode.level)
        turn, now = along(self._mode.axes, velocity[3:]), arm.tcp.quaternion
        self._quaternion = rotated(self._quaternion, turn * dt)
        return TcpMotion(velocity[:3], now, turn + LEVELLING * rotation_vector(now, self._mode.held(now)))

    def executed(self, arm: ArmState) -> np.ndarray:
        """Action (M,) that the motion up to `arm` amounts to."""
        missed = arm.tcp.position - self._position, rotation_vector(self._quaternion, arm.tcp.quaternion)
        goal = self._ramp.goal_for(np.concatenate(missed)[self._mode.rows])
        result: np.ndarray = np.clip(goal / self._speed, -1.0, 1.0)
        return result
