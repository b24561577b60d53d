"""Absolute position of every joint: (q_<joint>, ...)."""

from __future__ import annotations

import numpy as np

from robot_rl.config.limits import LimitsConfig
from robot_rl.robot.modes.approach import approach
from robot_rl.robot.modes.base import ArmState, JointMotion

SHARE = 0.5
"""Fraction of the joints' acceleration limits with which a target is approached."""


class JointPosition:
    """-1 and +1 are a joint's limits less their margin; it goes there by at most `step` [rad] in `period` [s]."""

    def __init__(self, joints: tuple[str, ...], limits: LimitsConfig, step: float, period: float) -> None:
        self.names = tuple(f"q_{joint}" for joint in joints)
        self._lower = np.array(limits.position_lower) + limits.position_margin
        self._upper = np.array(limits.position_upper) - limits.position_margin
        self._top = np.minimum(step / period, limits.velocity)
        self._acceleration = SHARE * np.array(limits.acceleration)

    def target(self, action: np.ndarray) -> np.ndarray:
        """Joint positions (J,) [rad] that `action` (J,) asks for."""
        return self._lower + 0.5 * (np.asarray(action, np.float64) + 1.0) * (self._upper - self._lower)

    def invert(self, q: np.ndarray) -> np.ndarray:
        """Action (J,), clipped to [-1, 1], that asks for joint positions `q` (J,) [rad]."""
        result: np.ndarray = np.clip(2.0 * (q - self._lower) / (self._upper - self._lower) - 1.0, -1.0, 1.0)
        return result

    def begin(self, action: np.ndarray, arm: ArmState) -> _Course:
        """Course of `action` (J,)."""
        del arm
        return _Course(self, self.target(action), self._top, self._acceleration)


class _Course:
    def __init__(self, mode: JointPosition, target: np.ndarray, top: np.ndarray, acceleration: np.ndarray) -> None:
        self._mode, self._target, self._top, self._acceleration = mode, target, top, acceleration

    def next(self, arm: ArmState, dt: float) -> JointMotion:
        """Motion that is asked for in the next tick."""
        return JointMotion(approach(self._target - arm.q, arm.dq, self._top, self._acceleration, dt))

    def executed(self, arm: ArmState) -> np.ndarray:
        """Action (J,) that asks for where the joints have come to."""
        return self._mode.invert(arm.q)
