"""Displacement of the tcp per step, and with a rotation scale its turn: (dx, dy, dz[, rx, ry, rz])."""

from __future__ import annotations

import numpy as np

from robot_rl.config.robot import ActionConfig
from robot_rl.core.geometry import Pose, rotated, rotation_vector
from robot_rl.robot.modes.base import ArmState, TcpMotion
from robot_rl.robot.modes.ramp import Ramp


class CartesianDelta:
    """A full action displaces the tcp by `translation` along, and turns it by `rotation` about, the base's axes.

    Without rotation the tcp keeps the orientation `level` (4,) wxyz. `period` is the duration of a step [s].
    """

    def __init__(self, config: ActionConfig, level: np.ndarray, period: float) -> None:
        self.names = ("dx", "dy", "dz", *(("rx", "ry", "rz") if config.rotation else ()))
        self._scale = np.repeat([config.translation, config.rotation], 3)[: len(self.names)]
        self._level, self._period = level, period

    def target(self, tcp: Pose, action: np.ndarray) -> Pose:
        """Pose that `action` (M,) asks for, from the tcp pose at its begin."""
        step = self._scale * np.asarray(action, np.float64)
        return Pose(tcp.position + step[:3], rotated(tcp.quaternion, step[3:]) if len(step) > 3 else self._level)

    def invert(self, start: Pose, end: Pose) -> np.ndarray:
        """Action (M,), clipped to [-1, 1], that takes the tcp from `start` to `end`."""
        step = [*(end.position - start.position), *rotation_vector(start.quaternion, end.quaternion)]
        result: np.ndarray = np.clip(np.array(step)[: len(self._scale)] / self._scale, -1.0, 1.0)
        return result

    def begin(self, action: np.ndarray, arm: ArmState) -> _Course:
        """Course of `action` (M,) from the commanded `arm`."""
        speed = self._scale / self._period
        start = np.concatenate([arm.velocity, arm.turn])[: len(speed)]
        return _Course(Ramp(start, speed * np.asarray(action, np.float64)), speed, arm.tcp, self._level)


class _Course:
    """Adds up where the tcp was asked to be, so that what became of the action follows from where it is."""

    def __init__(self, ramp: Ramp, speed: np.ndarray, tcp: Pose, level: np.ndarray) -> None:
        self._ramp, self._speed, self._level = ramp, speed, level
        self._position, self._quaternion = tcp.position, tcp.quaternion

    def next(self, arm: ArmState, dt: float) -> TcpMotion:
        """Motion that is asked for in the next tick."""
        velocity = self._ramp.next(dt)
        self._position = self._position + velocity[:3] * dt
        if len(velocity) == 3:
            return TcpMotion(velocity, self._level)
        self._quaternion = rotated(self._quaternion, velocity[3:] * dt)
        return TcpMotion(velocity[:3], arm.tcp.quaternion, velocity[3:])

    def executed(self, arm: ArmState) -> np.ndarray:
        """Action (M,) that the motion up to `arm` amounts to."""
        missed = arm.tcp.position - self._position, rotation_vector(self._quaternion, arm.tcp.quaternion)
        goal = self._ramp.goal_for(np.concatenate(missed)[: len(self._speed)])
        result: np.ndarray = np.clip(goal / self._speed, -1.0, 1.0)
        return result
