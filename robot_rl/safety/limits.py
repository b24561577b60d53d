"""Joint velocity bounds of one tick: the box in which position, velocity and acceleration limits all hold."""

from __future__ import annotations

from dataclasses import dataclass

import mink
import numpy as np

from robot_rl.config.robot import LimitsConfig


def braking_speed(distance: np.ndarray, acceleration: np.ndarray, dt: float) -> np.ndarray:
    """Largest speed of the next tick of `dt` [s] from which a stop within `distance` is still possible.

    Solves v dt + v^2 / (2 a) = d for v; elementwise, never negative. Units follow those of the arguments.
    """
    step = acceleration * dt
    return np.sqrt(step**2 + 2.0 * acceleration * np.maximum(distance, 0.0)) - step


@dataclass(frozen=True)
class VelocityBox:
    """Bounds (J,) [rad/s] of the next tick's joint velocity; `feasible` is false where they contradict."""

    lower: np.ndarray
    upper: np.ndarray

    @property
    def feasible(self) -> bool:
        """True where every lower bound is at most its upper bound."""
        return bool((self.lower <= self.upper).all())

    def clip(self, dq: np.ndarray) -> np.ndarray:
        """Nearest joint velocity inside the box."""
        return np.clip(dq, self.lower, self.upper)


class JointLimits:
    """Position (with margin and braking distance), velocity and acceleration limits of every joint."""

    def __init__(self, config: LimitsConfig) -> None:
        self.lower = np.array(config.position_lower) + config.position_margin
        self.upper = np.array(config.position_upper) - config.position_margin
        self.velocity = np.array(config.velocity)
        self.acceleration = np.array(config.acceleration)

    def box(self, q: np.ndarray, dq: np.ndarray, dt: float) -> VelocityBox:
        """Bounds of the next velocity, from commanded position `q` [rad] and velocity `dq` [rad/s], both (J,).

        The bounds keep a margin of 1e-9 relative, so that rounding cannot turn a full brake into a contradiction.
        """
        reach = self.acceleration * dt * (1.0 + 1e-9)
        up = np.minimum(self.velocity, braking_speed(self.upper - q, self.acceleration, dt))
        down = -np.minimum(self.velocity, braking_speed(q - self.lower, self.acceleration, dt))
        upper = np.clip(up, dq - reach, dq + reach)
        lower = np.clip(down, dq - reach, dq + reach)
        return VelocityBox(lower, upper)

    def brake(self, dq: np.ndarray, dt: float) -> np.ndarray:
        """The next velocity on the shortest way to standstill within the acceleration limit."""
        reach = self.acceleration * dt
        return dq - np.clip(dq, -reach, reach)


class BoxLimit(mink.limits.Limit):
    """Hands the current VelocityBox to mink's QP as linear inequalities on the displacement dq dt."""

    def __init__(self, dofs: int, joints: int) -> None:
        eye = np.zeros((joints, dofs))
        eye[:, :joints] = np.eye(joints)
        self._matrix = np.vstack([eye, -eye])
        self.box = VelocityBox(np.full(joints, -np.inf), np.full(joints, np.inf))

    def compute_qp_inequalities(self, configuration: mink.Configuration, dt: float) -> mink.limits.limit.Constraint:
        """Return G, h with G dq dt <= h, (2J, nv) and (2J,)."""
        del configuration
        return mink.limits.limit.Constraint(G=self._matrix, h=np.concatenate([self.box.upper, -self.box.lower]) * dt)
