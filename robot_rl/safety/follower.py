"""An action while it moves the robot, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from robot_rl.core.record import Source
from robot_rl.robot.modes.base import Course
from robot_rl.safety.reasons import Reason


@dataclass
class ActionInForce:
    """An accepted action (A,); `course` is its motion from the tick on in which it replaced the one before."""

    source: Source
    stamp_ns: int
    action: np.ndarray
    latency: float
    course: Course | None = None
    ticks: int = 0
    reasons: set[Reason] = field(default_factory=set)


@dataclass(frozen=True)
class Executed:
    """What became of one accepted action."""

    stamp_ns: int
    source: Source
    action: np.ndarray
    latency: float
    reasons: frozenset[Reason]
