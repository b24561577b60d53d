"""Joint states as drivers send them, to positions and velocities in the robot's order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from robot_rl.config.robot import RobotConfig
from robot_rl.core.errors import SchemaError

NS = 1e-9
GAP_S = 0.5
"""A silence after which velocities are not made from what was before it."""


@dataclass(frozen=True)
class JointReading:
    """The arm at `stamp_ns`: positions (J,) [rad], velocities (J,) [rad/s], gripper joint position (0.0 if unused)."""

    stamp_ns: int
    q: np.ndarray
    dq: np.ndarray
    opening: float


class VelocityFilter:
    """Velocities from positions: their differences through a first-order low-pass."""

    def __init__(self, cutoff_hz: float) -> None:
        self._cutoff = cutoff_hz
        self._last: tuple[int, np.ndarray] | None = None
        self._velocity: np.ndarray | None = None

    def update(self, stamp_ns: int, q: np.ndarray) -> np.ndarray | None:
        """Velocities (J,) at `stamp_ns`; None at the first positions, and after a gap or a step back in time."""
        last, self._last = self._last, (stamp_ns, q)
        dt = 0.0 if last is None else (stamp_ns - last[0]) * NS
        if last is None or not 0.0 < dt <= GAP_S:
            self._velocity = None
            return None
        difference = (q - last[1]) / dt
        if self._velocity is None:
            self._velocity = difference
        else:
            share = 1.0 - np.exp(-2.0 * np.pi * self._cutoff * dt)
            self._velocity = self._velocity + share * (difference - self._velocity)
        return self._velocity


class JointReader:
    """Reads joint states by name, in any order.

    Joints of others are let pass and remembered in `extra`. The gripper may come in messages of its own, as from a
    second driver on the same topic.
    """

    def __init__(self, robot: RobotConfig) -> None:
        self._robot = robot
        self.extra: set[str] = set()
        self.filtered = False
        """Whether velocities are made from positions, as the driver gives none."""
        self._filter = VelocityFilter(robot.proprio.velocity_cutoff_hz)
        self._opening: tuple[int, float] | None = None
        self._gripper = robot.gripper.joint if "gripper" in robot.proprio.parts else ""

    def read(
        self, names: Sequence[str], positions: Sequence[float], velocities: Sequence[float], stamp_ns: int
    ) -> JointReading | None:
        """The arm's state; None where a message is of other joints, or the first without velocities.

        Raises SchemaError where joints of the arm are missing, values are not finite, or the gripper is silent.
        """
        robot = self._robot
        where = {name: index for index, name in enumerate(names[: len(positions)])}
        self.extra |= set(names) - {*robot.joints, robot.gripper.joint}
        if self._gripper in where:
            self._opening = (stamp_ns, float(positions[where[self._gripper]]))
        missing = [name for name in robot.joints if name not in where]
        if len(missing) == len(robot.joints) and where:
            return None
        if missing:
            raise SchemaError(f"joint states lack {', '.join(missing)} among {len(where)} joints: check the driver.")
        order = [where[name] for name in robot.joints]
        q, opening = np.array(positions, np.float64)[order], self._current_opening(stamp_ns)
        if not np.isfinite([*q, opening]).all():
            raise SchemaError(f"joint states hold NaN or infinity ({q}, gripper {opening}): check the driver.")
        dq = self._velocities(order, q, velocities, stamp_ns)
        return None if dq is None else JointReading(stamp_ns, q, dq, opening)

    def _velocities(
        self, order: Sequence[int], q: np.ndarray, velocities: Sequence[float], stamp_ns: int
    ) -> np.ndarray | None:
        """The driver's velocities; from positions where it gives none, or only NaN."""
        given = np.array(velocities, np.float64)
        dq = given[order] if len(given) > max(order) else np.full(len(order), np.nan)
        self.filtered = bool(np.isnan(dq).all())
        if self.filtered:
            return self._filter.update(stamp_ns, q)
        if not np.isfinite(dq).all():
            raise SchemaError(f"joint states hold NaN or infinity ({dq}) as velocities: check the driver.")
        return dq

    def _current_opening(self, stamp_ns: int) -> float:
        if not self._gripper:
            return 0.0
        if self._opening is None:
            raise SchemaError(f"joint states lack the gripper's joint '{self._gripper}': check its driver.")
        age, limit = (stamp_ns - self._opening[0]) * NS, self._robot.proprio.gripper_max_age_s
        if age > limit:
            raise SchemaError(
                f"the gripper's joint '{self._gripper}' was told {age:.2f} s ago, at most {limit:g} s are allowed: "
                "check its driver."
            )
        return self._opening[1]
