"""Fingers: the twin draws them in one place, but they can be anywhere in their travel."""

from __future__ import annotations

import copy

import mujoco
import numpy as np

from robot_rl.config.robot import RobotConfig
from robot_rl.robot.model import robot_spec

ALIGNED = 0.999
"""Cosine from which a finger slides along a box's own axis."""


def swept_fingers(robot: RobotConfig, twin: mujoco.MjModel) -> tuple[mujoco.MjModel, np.ndarray]:
    """The twin with its fingers' boxes drawn over all of their travel, and what that leaves uncovered (ngeom,) [m].

    Covers fingers on slide joints with a range. Geoms that are no boxes, or slide askew, stay as they are, and their
    travel is returned instead; a hinged finger is taken where the model draws it.
    """
    full, swept = robot_spec(robot).compile(), copy.copy(twin)
    uncovered = np.zeros(twin.ngeom)
    for geom in range(twin.ngeom):
        for joint in _slides_above(full, twin.body(twin.geom_bodyid[geom]).name, robot.joints):
            if full.body(full.jnt_bodyid[joint]).name != twin.body(twin.geom_bodyid[geom]).name or not _sweep(
                swept, geom, full.jnt_axis[joint], full.jnt_range[joint]
            ):
                uncovered[geom] += float(np.abs(full.jnt_range[joint]).max())
    return swept, uncovered


def _slides_above(model: mujoco.MjModel, body_name: str, joints: tuple[str, ...]) -> list[int]:
    """Slide joints between a body and the world that are none of the arm's `joints`."""
    found, body = [], int(model.body(body_name).id)
    while body:
        for joint in range(model.body_jntadr[body], model.body_jntadr[body] + model.body_jntnum[body]):
            if model.jnt_type[joint] == mujoco.mjtJoint.mjJNT_SLIDE and model.joint(joint).name not in joints:
                found.append(joint)
        body = int(model.body_parentid[body])
    return found


def _sweep(model: mujoco.MjModel, geom: int, axis: np.ndarray, span: np.ndarray) -> bool:
    """Stretch a box over the positions `span` (2,) [m] along `axis` (3,) of its body; false where it cannot be."""
    turn = np.empty(9)
    mujoco.mju_quat2Mat(turn, model.geom_quat[geom])
    along = turn.reshape(3, 3).T @ axis
    side = int(np.abs(along).argmax())
    if model.geom_type[geom] != mujoco.mjtGeom.mjGEOM_BOX or abs(along[side]) < ALIGNED:
        return False
    low, high = min(0.0, float(span[0])), max(0.0, float(span[1]))
    model.geom_pos[geom] += axis * (low + high) / 2.0
    model.geom_size[geom, side] += (high - low) / 2.0
    model.geom_rbound[geom] = float(np.linalg.norm(model.geom_size[geom]))
    return True
