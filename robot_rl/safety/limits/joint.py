"""Joint position, velocity and acceleration limits: intervals of the next tick's joint velocity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robot_rl.config.limits import LimitsConfig
from robot_rl.safety.limits.braking import brake, braking_speed
from robot_rl.safety.limits.jerk import JerkLimit
from robot_rl.safety.reasons import Reason

TOUCHING = 1e-6
"""Distance to a bound [rad/s] at which it counts as reached."""


@dataclass(slots=True)
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
        return np.minimum(np.maximum(dq, self.lower), self.upper)

    def within(self, outer: VelocityBox) -> VelocityBox:
        """The part of this box inside `outer`; where they do not meet, the nearest point of `outer`."""
        return VelocityBox(outer.clip(self.lower), outer.clip(self.upper))


class VelocityLimit:
    """Speed of every joint."""

    reason = Reason.JOINT_VELOCITY

    def __init__(self, velocity: tuple[float, ...]) -> None:
        self.velocity = np.array(velocity)
        self._box = VelocityBox(-self.velocity, self.velocity)

    def box(self) -> VelocityBox:
        """Bounds of the velocity."""
        return self._box


class PositionLimit:
    """Joint positions with their margin, and the distance that braking needs before them.

    From outside only the way back is open: the bound towards the limit is zero.
    """

    reason = Reason.JOINT_POSITION

    def __init__(self, config: LimitsConfig) -> None:
        self.lower = np.array(config.position_lower) + config.position_margin
        self.upper = np.array(config.position_upper) - config.position_margin
        self._acceleration = np.array(config.acceleration)

    def box(self, q: np.ndarray, dt: float) -> VelocityBox:
        """Bounds from which a stop before the limits is possible."""
        down, up = braking_speed(np.array([q - self.lower, self.upper - q]), self._acceleration, dt)
        return VelocityBox(-down, up)


class AccelerationLimit:
    """Change of every joint's velocity from one tick to the next. It binds on the way to a stop, too."""

    reason = Reason.JOINT_ACCELERATION

    def __init__(self, acceleration: tuple[float, ...]) -> None:
        self.acceleration = np.array(acceleration)

    def box(self, dq: np.ndarray, dt: float) -> VelocityBox:
        """Bounds around `dq`, 1e-9 wider, so that rounding cannot turn a full brake into a contradiction."""
        reach = self.acceleration * dt * (1.0 + 1e-9)
        return VelocityBox(dq - reach, dq + reach)


class JointLimits:
    """All joint limits together. Where they contradict, acceleration holds first, then position and velocity.

    The jerk limit only smooths: it yields wherever it would take away what the others need for a stop.
    """

    def __init__(self, config: LimitsConfig) -> None:
        self.position, self.speed = PositionLimit(config), VelocityLimit(config.velocity)
        self.change, self.jerk = AccelerationLimit(config.acceleration), JerkLimit(config.jerk)
        self.acceleration = self.change.acceleration
        self.velocity, self.lower, self.upper = self.speed.velocity, self.position.lower, self.position.upper

    def box(self, q: np.ndarray, dq: np.ndarray, dt: float, last: np.ndarray | None = None) -> VelocityBox:
        """Bounds of the next velocity from position `q` [rad] and velocity `dq` [rad/s], both (J,); never empty.

        `last` (J,) is the acceleration of the tick before, for the jerk limit; without it that limit is left out.
        """
        box = self.position.box(q, dt).within(self.speed.box()).within(self.change.box(dq, dt))
        if last is None:
            return box
        lower, upper = self.jerk.bounds(dq, last, dt)
        return VelocityBox(lower, upper).within(box)

    def brake(self, dq: np.ndarray, dt: float) -> np.ndarray:
        """The next velocity on the shortest way to standstill within the acceleration limit."""
        return brake(dq, self.acceleration, dt)

    def acted(
        self, q: np.ndarray, dq: np.ndarray, new: np.ndarray, dt: float, last: np.ndarray | None
    ) -> frozenset[Reason]:
        """The limits that velocity `new` (J,), of the tick after (`q`, `dq`, acceleration `last`), touches."""
        boxes = {
            self.position.reason: self.position.box(q, dt),
            self.speed.reason: self.speed.box(),
            self.change.reason: self.change.box(dq, dt),
        }
        if last is not None:
            boxes[self.jerk.reason] = VelocityBox(*self.jerk.bounds(dq, last, dt))
        return frozenset(reason for reason, box in boxes.items() if _touches(box, new))


def _touches(box: VelocityBox, dq: np.ndarray) -> bool:
    return bool(((dq <= box.lower + TOUCHING) | (dq >= box.upper - TOUCHING)).any())
