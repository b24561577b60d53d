"""Whether a joint path keeps clear, found on the twin before anything moves."""

from __future__ import annotations

import mujoco
import numpy as np

from robot_rl.config.limits import WorkspaceConfig
from robot_rl.config.robot import RobotConfig
from robot_rl.robot.twin import KinematicTwin
from robot_rl.safety.limits.collision import CollisionLimit
from robot_rl.safety.limits.joint import PositionLimit
from robot_rl.safety.limits.orientation import OrientationLimit
from robot_rl.safety.limits.workspace import WorkspaceLimit
from robot_rl.safety.reasons import Reason

SLACK = 1e-3
"""Distance [m or rad] by which a path may miss a limit that is no obstacle: the filter then leads it along there."""


class PathCheck:
    """Joint positions, workspace, orientation cone and collisions along a path.

    As in the filter, from outside a limit only the way back is open: no sample may be worse than the first one, nor a
    distance that is too small than in the sample before.
    """

    def __init__(self, robot: RobotConfig, workspace: WorkspaceConfig) -> None:
        twin = KinematicTwin(robot)
        self._joints = PositionLimit(robot.limits)
        self._workspace = WorkspaceLimit(workspace)
        self._orientation = OrientationLimit(robot.limits.orientation)
        self._collision = CollisionLimit(robot, twin.model)
        self._model, self._data = self._collision.model, mujoco.MjData(self._collision.model)
        self._site = twin.model.site(robot.tcp_site).id
        self._speed = robot.limits.tcp_speed

    def blocked(self, path: np.ndarray) -> Reason | None:
        """The limit that stands in the way of `path` (K, J) [rad], or None where it is clear."""
        if self._worse(np.minimum(path - self._joints.lower, self._joints.upper - path)):
            return self._joints.reason
        positions, rotations = self._poses(path)
        if self._worse(self._workspace.distances(positions)):
            return self._workspace.reason
        if self._worse(self._orientation.distances(rotations)):
            return self._orientation.reason
        return self._collision.reason if self._collides(path) else None

    def speed_share(self, path: np.ndarray, dt: float) -> float:
        """The fastest tcp motion along `path` (K, J), sampled every `dt` [s], as a share of its limits."""
        positions, rotations = self._poses(path)
        linear = np.linalg.norm(np.diff(positions, axis=0), axis=1) / dt
        cosine = (np.einsum("kij,kij->k", rotations[1:], rotations[:-1]) - 1.0) / 2.0
        angular = np.arccos(np.clip(cosine, -1.0, 1.0)) / dt
        return float(max(linear.max(initial=0.0) / self._speed.linear, angular.max(initial=0.0) / self._speed.angular))

    def _worse(self, distances: np.ndarray) -> bool:
        return bool((distances < np.minimum(distances[0], 0.0) - SLACK).any())

    def _poses(self, path: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        positions, rotations = np.empty((len(path), 3)), np.empty((len(path), 3, 3))
        for row, q in enumerate(path):
            self._data.qpos[:] = q
            mujoco.mj_kinematics(self._model, self._data)
            positions[row] = self._data.site_xpos[self._site]
            rotations[row] = self._data.site_xmat[self._site].reshape(3, 3)
        return positions, rotations

    def _collides(self, path: np.ndarray) -> bool:
        still = np.zeros(path.shape[1])
        for q, step in zip(path[:-1], np.diff(path, axis=0), strict=True):
            self._data.qpos[:] = q
            mujoco.mj_kinematics(self._model, self._data)
            mujoco.mj_comPos(self._model, self._data)
            self._collision.barriers(self._data, still)
            if not self._collision.clears(self._data, q, step[None]):
                return True
        return False
