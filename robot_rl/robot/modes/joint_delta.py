"""Displacement of every joint per step: (d_<joint>, ...)."""

from __future__ import annotations

import numpy as np

from robot_rl.robot.modes.base import ArmState, JointMotion
from robot_rl.robot.modes.ramp import Ramp


class JointDelta:
    """A full action displaces a joint by `scale` [rad] in a step of `period` [s]."""

    def __init__(self, joints: tuple[str, ...], scale: float, period: float) -> None:
        self.names = tuple(f"d_{joint}" for joint in joints)
        self._speed = scale / period

    def begin(self, action: np.ndarray, arm: ArmState) -> _Course:
        """Course of `action` (J,) from the commanded `arm`."""
        return _Course(Ramp(arm.dq, self._speed * np.asarray(action, np.float64)), self._speed, arm.q)


class _Course:
    def __init__(self, ramp: Ramp, speed: float, q: np.ndarray) -> None:
        self._ramp, self._speed, self._q = ramp, speed, q

    def next(self, arm: ArmState, dt: float) -> JointMotion:
        """Motion that is asked for in the next tick."""
        del arm
        dq = self._ramp.next(dt)
        self._q = self._q + dq * dt
        return JointMotion(dq)

    def executed(self, arm: ArmState) -> np.ndarray:
        """Action (J,) that the motion up to `arm` amounts to."""
        result: np.ndarray = np.clip(self._ramp.goal_for(arm.q - self._q) / self._speed, -1.0, 1.0)
        return result
