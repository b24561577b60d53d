"""What a command mode is: how an action becomes motion, and how motion becomes an action again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from robot_rl.config.robot import ActionConfig
from robot_rl.core.geometry import Pose, rotated, rotation_vector


@dataclass(frozen=True)
class ArmState:
    """The commanded arm: joints (J,) [rad, rad/s], tcp pose, and its velocity (3,) [m/s] and turn (3,) [rad/s]."""

    q: np.ndarray
    dq: np.ndarray
    tcp: Pose
    velocity: np.ndarray
    turn: np.ndarray


@dataclass(frozen=True)
class TcpMotion:
    """Asks for a tcp velocity (3,) [m/s, base frame], turning by `turn` (3,) [rad/s] or else towards `quaternion`."""

    velocity: np.ndarray
    quaternion: np.ndarray
    turn: np.ndarray | None = None


@dataclass(frozen=True)
class JointMotion:
    """Asks for a joint velocity (J,) [rad/s]."""

    dq: np.ndarray


def turning_axes(config: ActionConfig) -> tuple[int, ...]:
    """Base axes (0 to 2) that the actions of `config` turn the tcp about; none where it does not turn."""
    if not config.rotation:
        return ()
    return (2,) if config.rotation_axes == "z" else (0, 1, 2)


def along(axes: tuple[int, ...], values: np.ndarray) -> np.ndarray:
    """Rotation vector (3,) with `values` about `axes` and nothing about the others."""
    vector = np.zeros(3)
    vector[list(axes)] = values
    return vector


def upright(level: np.ndarray, quaternion: np.ndarray) -> np.ndarray:
    """Orientation (4,) wxyz that is `level` turned about the base's z alone, as far as `quaternion` is."""
    return rotated(level, along((2,), rotation_vector(level, quaternion)[2:]))


class Course(Protocol):
    """One action while it moves the arm."""

    def next(self, arm: ArmState, dt: float) -> TcpMotion | JointMotion:
        """Motion that the action asks for in the next tick of `dt` [s], from the commanded `arm` of this one."""

    def executed(self, arm: ArmState) -> np.ndarray:
        """Entries (M,) in [-1, 1] of the action that the motion up to the commanded `arm` amounts to."""


class Mode(Protocol):
    """Meaning of the motion entries of an action, (M,) in [-1, 1]; without a state of its own."""

    names: tuple[str, ...]

    def begin(self, action: np.ndarray, arm: ArmState) -> Course:
        """Course of `action` (M,) from the commanded `arm`."""
