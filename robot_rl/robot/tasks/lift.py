"""Grasp a cube on the table and lift it."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from robot_rl.config.limits import WorkspaceConfig
from robot_rl.core.outcome import Outcome
from robot_rl.robot.tasks.base import ARM_STATE, arm_state

HALF = 0.02
LOWER = np.array([0.36, -0.15])
UPPER = np.array([0.56, 0.15])
MAX_YAW = np.deg2rad(30)
HEIGHT = 0.10
PADS = ("left_pad", "right_pad")


@dataclass(frozen=True)
class Lift:
    """A cube of 4 cm on a patch of 20 x 30 cm, turned by up to 30 degrees: the gripper's yaw is fixed."""

    name: str = "lift"
    instruction: str = "pick up the red cube"
    workspace: WorkspaceConfig | None = None
    state_names: tuple[str, ...] = (*ARM_STATE, "cube_x", "cube_y", "cube_z", "cube_yaw", "cube_grasped")

    def add_to(self, spec: mujoco.MjSpec) -> None:
        """Add the cube, free to move."""
        body = spec.worldbody.add_body(name="cube", pos=[*(LOWER + UPPER) / 2, HALF])
        body.add_freejoint(name="cube")
        body.add_geom(
            name="cube",
            type=mujoco.mjtGeom.mjGEOM_BOX,
            size=[HALF, HALF, HALF],
            rgba=[1.0, 0.1, 0.1, 1.0],
            mass=0.1,
            contype=2,
            conaffinity=1,
            condim=4,
            friction=[0.8, 0.02, 0.0001],
            solref=[0.008, 1.0],
            solimp=[0.98, 0.995, 0.001, 0.5, 2.0],
        )

    def randomize(self, model: mujoco.MjModel, data: mujoco.MjData, rng: np.random.Generator) -> None:
        """Put the cube at rest on the table, at a random place and yaw."""
        yaw = rng.uniform(-MAX_YAW, MAX_YAW)
        joint = data.joint("cube")
        joint.qpos = [*rng.uniform(LOWER, UPPER), HALF, np.cos(yaw / 2), 0.0, 0.0, np.sin(yaw / 2)]
        joint.qvel = 0.0

    def state(self, model: mujoco.MjModel, data: mujoco.MjData) -> np.ndarray:
        """Arm state, cube position [m], cube yaw [rad] and 1 where both fingers touch the cube (9,)."""
        body = data.body("cube")
        yaw = np.arctan2(body.xmat[3], body.xmat[0])
        return np.concatenate([arm_state(model, data), body.xpos, [yaw, _grasped(model, data)]])

    def outcome(self, state: np.ndarray) -> Outcome:
        """Done, with reward 1, once the cube is held 10 cm above the table; over where it fell off the table."""
        done = bool(state[6] > HALF + HEIGHT and state[8] > 0.5)
        lost = bool(state[6] < -HALF)
        return Outcome(float(done), success=done, terminated=done or lost)


def _grasped(model: mujoco.MjModel, data: mujoco.MjData) -> float:
    cube = model.geom("cube").id
    pads = {model.geom(name).id for name in PADS}
    pairs = data.contact.geom[: data.ncon]
    touching = {int(other) for pair in pairs if cube in pair for other in pair}
    return float(pads <= touching)


TASK = Lift()
