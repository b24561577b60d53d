"""What a teleoperation device is: a driver that reads inputs, and what a person asks for by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from robot_rl.core.errors import RobotRLError


class DeviceLost(RobotRLError):
    """A device is not there, or no longer; the sentence says what it takes to have it back."""


class Driver(Protocol):
    """A physical device. It never blocks but while it is opened."""

    def open(self) -> str:
        """Take the device and return its name; DeviceLost where it is not to be had."""

    def read(self) -> Mapping[str, float]:
        """Every input by the device's own name of it: -1 to 1, buttons 0 or 1, at rest 0; DeviceLost once it is gone.

        A leader arm gives its joint positions [rad].
        """

    def close(self) -> None:
        """Let go of the device; nothing where it is not open."""


@dataclass(frozen=True)
class Command:
    """What a person asks for at one instant.

    `acts` says whether the person has control. `motion` maps what is moved to a share of a full action, [-1, 1].
    `gripper` is an opening in [-1 closed, 1 open], or None where it is to stay. `events` are buttons pressed since the
    last command. `joints` (J,) [rad] are where a leader arm stands, None for other devices. `lost` is why the device
    is not there, or ''.
    """

    acts: bool = False
    motion: Mapping[str, float] = field(default_factory=dict)
    gripper: float | None = None
    events: tuple[str, ...] = ()
    joints: np.ndarray | None = None
    lost: str = ""
