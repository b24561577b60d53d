"""How far a joint's motion can move any point of the robot."""

from __future__ import annotations

import mujoco
import numpy as np

from robot_rl.safety.limits.pairs import Pair


def joint_reach(model: mujoco.MjModel) -> np.ndarray:
    """Upper bound (ngeom, J) of how far each joint moves a geom's points per unit [m/rad], in any posture."""
    reach = np.zeros((model.ngeom, model.nv))
    for geom in range(model.ngeom):
        length = float(np.linalg.norm(model.geom_pos[geom]) + model.geom_rbound[geom])
        body = model.geom_bodyid[geom]
        while body:
            length = _climb(model, body, length, reach[geom])
            body = model.body_parentid[body]
    return reach


def pair_reach(model: mujoco.MjModel, pairs: list[Pair]) -> np.ndarray:
    """Upper bound (P, J) of how far each joint changes the distance of a pair; 0 where it carries both of the pair."""
    reach = joint_reach(model)
    one, other = (reach[[pair[side] for pair in pairs]].reshape(-1, model.nv) for side in (0, 1))
    return np.where((one > 0.0) & (other > 0.0), 0.0, np.maximum(one, other))


def _climb(model: mujoco.MjModel, body: int, length: float, reach: np.ndarray) -> float:
    """Count `body`'s joints in, and return the length of the chain up to the parent's frame."""
    travel = 0.0
    for joint in range(model.body_jntadr[body], model.body_jntadr[body] + model.body_jntnum[body]):
        slides = model.jnt_type[joint] == mujoco.mjtJoint.mjJNT_SLIDE
        travel += float(np.abs(model.jnt_range[joint]).max()) if slides else 0.0
        lever = 1.0 if slides else length + float(np.linalg.norm(model.jnt_pos[joint]))
        dof = model.jnt_dofadr[joint]
        reach[dof] = lever
    return length + travel + float(np.linalg.norm(model.body_pos[body]))
