"""Absolute pose of the tcp: (x, y, z[[, rx, ry], rz])."""

from __future__ import annotations

import numpy as np

from robot_rl.config.limits import WorkspaceConfig
from robot_rl.config.robot import ActionConfig
from robot_rl.core.geometry import Pose, rotated, rotation_vector
from robot_rl.robot.modes.approach import approach
from robot_rl.robot.modes.base import ArmState, TcpMotion, along, turning_axes

ACCELERATION = 1.0
"""Of the tcp towards its target [m/s^2]."""


class CartesianPose:
    """-1 and +1 are the walls of the workspace box; with rotation, a full action turns the tcp by `rotation` from
    `level` (4,) wxyz about the base's axes. The tcp goes there by at most `translation` a step of `period` [s].
    """

    def __init__(self, config: ActionConfig, level: np.ndarray, period: float, workspace: WorkspaceConfig) -> None:
        self._axes = turning_axes(config)
        self.names = ("x", "y", "z", *("r" + "xyz"[axis] for axis in self._axes))
        self._lower, self._upper = np.array(workspace.lower), np.array(workspace.upper)
        self._level, self._rotation = level, config.rotation
        self._top = np.full(3, config.translation / period)

    def target(self, action: np.ndarray) -> Pose:
        """Pose that `action` (M,) asks for."""
        values = np.asarray(action, np.float64)
        position = self._lower + 0.5 * (values[:3] + 1.0) * (self._upper - self._lower)
        return Pose(position, rotated(self._level, along(self._axes, self._rotation * values[3:])))

    def invert(self, tcp: Pose) -> np.ndarray:
        """Action (M,), clipped to [-1, 1], that asks for `tcp`."""
        values = 2.0 * (tcp.position - self._lower) / (self._upper - self._lower) - 1.0
        if self._axes:
            turn = rotation_vector(self._level, tcp.quaternion)[list(self._axes)]
            values = np.concatenate([values, turn / self._rotation])
        result: np.ndarray = np.clip(values, -1.0, 1.0)
        return result

    def begin(self, action: np.ndarray, arm: ArmState) -> _Course:
        """Course of `action` (M,)."""
        del arm
        return _Course(self, self.target(action), self._top)


class _Course:
    def __init__(self, mode: CartesianPose, target: Pose, top: np.ndarray) -> None:
        self._mode, self._target, self._top = mode, target, top

    def next(self, arm: ArmState, dt: float) -> TcpMotion:
        """Motion that is asked for in the next tick."""
        missing = self._target.position - arm.tcp.position
        velocity = approach(missing, arm.velocity, self._top, np.full(3, ACCELERATION), dt)
        return TcpMotion(velocity, self._target.quaternion)

    def executed(self, arm: ArmState) -> np.ndarray:
        """Action (M,) that asks for where the tcp has come to."""
        return self._mode.invert(arm.tcp)
