"""What a task of the simulated arm is."""

from __future__ import annotations

from typing import Protocol

import mujoco
import numpy as np

from robot_rl.config.limits import WorkspaceConfig
from robot_rl.core.outcome import Outcome

TCP = "tcp"
GRIPPER = "gripper"
"""Sensor of the simulated model on the robot's gripper joint."""
ARM_STATE = ("tcp_x", "tcp_y", "tcp_z", "gripper")


class Task(Protocol):
    """Objects, their random placement, and when the task is done. Stateless: all state is in the model's data."""

    name: str
    instruction: str
    workspace: WorkspaceConfig | None
    """Box for the tcp where the task needs another than the robot's, else None."""
    state_names: tuple[str, ...]

    def add_to(self, spec: mujoco.MjSpec) -> None:
        """Add the task's objects to the robot's model, before it is compiled."""

    def randomize(self, model: mujoco.MjModel, data: mujoco.MjData, rng: np.random.Generator) -> None:
        """Put the objects at a random pose where the arm at home does not touch them; leave the arm alone."""

    def state(self, model: mujoco.MjModel, data: mujoco.MjData) -> np.ndarray:
        """Privileged state float64 (len(state_names),), positions in the base frame [m]."""

    def outcome(self, state: np.ndarray) -> Outcome:
        """Reward, success and termination that belong to a `state` vector."""


def arm_state(model: mujoco.MjModel, data: mujoco.MjData) -> np.ndarray:
    """Values (4,) of `ARM_STATE`: tcp position in the base frame [m] and position of the gripper joint."""
    joint = model.sensor(GRIPPER).objid[0]
    return np.array([*data.site(TCP).xpos, data.qpos[model.jnt_qposadr[joint]]])
