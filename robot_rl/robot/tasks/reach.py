"""Bring the tcp to a coloured target that only the cameras show."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from robot_rl.config.limits import WorkspaceConfig
from robot_rl.core.outcome import Outcome
from robot_rl.robot.tasks.base import ARM_STATE, TCP, arm_state

LOWER = np.array([0.335, -0.15, 0.04])
UPPER = np.array([0.585, 0.15, 0.24])
TOLERANCE = 0.025
CLEARANCE = 0.08
RADIUS = 0.025


@dataclass(frozen=True)
class Reach:
    """A sphere without collision, anywhere in a box of 25 x 30 x 20 cm."""

    name: str = "reach"
    instruction: str = "move the gripper to the red ball"
    workspace: WorkspaceConfig | None = None
    state_names: tuple[str, ...] = (*ARM_STATE, "target_x", "target_y", "target_z")

    def add_to(self, spec: mujoco.MjSpec) -> None:
        """Add the target: a mocap body, which needs no degree of freedom and touches nothing."""
        body = spec.worldbody.add_body(name="target", mocap=True, pos=(LOWER + UPPER) / 2)
        body.add_geom(
            name="target",
            type=mujoco.mjtGeom.mjGEOM_SPHERE,
            size=[RADIUS, 0, 0],
            rgba=[1.0, 0.1, 0.1, 1.0],
            contype=0,
            conaffinity=0,
        )

    def randomize(self, model: mujoco.MjModel, data: mujoco.MjData, rng: np.random.Generator) -> None:
        """Put the target uniformly in its box, but not where the tcp already is."""
        while True:
            position = rng.uniform(LOWER, UPPER)
            if np.linalg.norm(position - data.site(TCP).xpos) > CLEARANCE:
                break
        data.mocap_pos[model.body("target").mocapid[0]] = position

    def state(self, model: mujoco.MjModel, data: mujoco.MjData) -> np.ndarray:
        """Arm state and target position (7,) [m]."""
        return np.concatenate([arm_state(model, data), data.mocap_pos[model.body("target").mocapid[0]]])

    def outcome(self, state: np.ndarray) -> Outcome:
        """Done, with reward 1, once the tcp is within 2.5 cm of the target."""
        done = bool(np.linalg.norm(state[4:7] - state[:3]) < TOLERANCE)
        return Outcome(float(done), success=done, terminated=done)


TASK = Reach()
