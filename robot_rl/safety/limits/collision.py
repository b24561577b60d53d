"""Self-collision, and collision with the twin's fixed geoms."""

from __future__ import annotations

import math

import mujoco
import numpy as np

from robot_rl.config.robot import RobotConfig
from robot_rl.core.errors import UsageError
from robot_rl.safety.limits.barrier import BUFFER, Barriers
from robot_rl.safety.limits.fingers import swept_fingers
from robot_rl.safety.limits.pairs import geom_label, geom_pairs, touching_pairs
from robot_rl.safety.limits.reach import pair_reach
from robot_rl.safety.reasons import Reason

FAR = 2.0
"""Largest distance [m] that is measured; what is farther apart counts as this far."""
TOUCH = 1e-9
"""Distance [m] of the two nearest points at which they show no direction any more."""


class CollisionLimit:
    """What every pair of geoms has left above its clearance, positive inside. From outside only the way back is open.

    Few distances are measured in a tick: between looks every pair keeps a lower bound, lowered by the most that the
    motion of the joints between the two geoms can have changed. Fingers count as everywhere in their travel. Pairs
    that may touch have no clearance, but are not pressed together either. `model` is the twin as seen here; the data
    that the methods take must be its data.
    """

    reason = Reason.COLLISION

    def __init__(self, robot: RobotConfig, model: mujoco.MjModel) -> None:
        """Raises UsageError where the robot's home breaks the clearance."""
        config = robot.limits.collision
        self._detection = config.detection
        self.model, uncovered = swept_fingers(robot, model)
        self.pairs = geom_pairs(model)
        self._reach = pair_reach(self.model, self.pairs)
        touching = touching_pairs(model, config.may_touch)
        self._clearance = np.array([0.0 if pair in touching else config.clearance for pair in self.pairs])
        self._clearance += np.array([uncovered[one] + uncovered[other] for one, other in self.pairs])
        self._fromto, self._jacobians = np.empty(6), np.empty((2, 3, model.nv))
        data = mujoco.MjData(self.model)
        data.qpos[:] = robot.home
        mujoco.mj_kinematics(self.model, data)
        self._at = data.qpos.copy()
        self._left = np.array([self._measure(data, index) for index in range(len(self.pairs))])
        self._check_home(robot)

    def barriers(self, data: mujoco.MjData, way: np.ndarray) -> Barriers:
        """Barriers of the pairs that joint motion by `way` (J,) [rad], either way, could bring to their clearance.

        Pairs farther apart than the detection distance are left out. `data` needs kinematics and mj_comPos.
        """
        # what was left at the last look, less what the motion since then can have taken, is left at least
        self._left -= self._reach @ np.abs(data.qpos - self._at)
        self._at[:] = data.qpos
        within = np.minimum(self._reach @ np.abs(way) + BUFFER, self._detection)
        near, gradients = [], []
        for index in np.flatnonzero(self._left < within).tolist():
            self._left[index] = self._measure(data, index)
            if self._left[index] < within[index]:
                near.append(index)
                gradients.append(self._gradient(data, index))
        gradient = np.array(gradients).reshape(-1, self.model.nv)
        return Barriers(self._left[near], gradient, (self.reason,) * len(near))

    def clears(self, data: mujoco.MjData, q: np.ndarray, path: np.ndarray) -> bool:
        """True where all pairs keep their clearance, or at least what they had of it, along a `path` (K, J).

        The path is made of displacements from `q` (J,), the configuration of the last `barriers`; `data` is written.
        """
        spent = np.abs(path) @ self._reach.T
        pairs = np.flatnonzero(self._left < spent[-1])
        if not pairs.size:
            return True
        spent, least = spent[:, pairs], np.minimum(self._left[pairs], 0.0) - TOUCH
        budget = self._left[pairs] - least
        for row in np.flatnonzero((spent > budget).any(axis=1)).tolist():
            open_ = np.flatnonzero(spent[row] > budget)
            data.qpos[:] = q + path[row]
            mujoco.mj_kinematics(self.model, data)
            room = np.array([self._measure(data, index) for index in pairs[open_].tolist()]) - least[open_]
            if (room < 0.0).any():
                return False
            budget[open_] = spent[row, open_] + room
        return True

    def _measure(self, data: mujoco.MjData, index: int) -> float:
        one, other = self.pairs[index]
        distance = mujoco.mj_geomDistance(self.model, data, one, other, FAR, self._fromto)
        return float(distance) - float(self._clearance[index])

    def _gradient(self, data: mujoco.MjData, index: int) -> np.ndarray:
        one, other = self.pairs[index]
        first, second = self._fromto[:3], self._fromto[3:]
        normal = second - first
        length = math.sqrt(normal @ normal)
        if length < TOUCH:
            normal = data.geom_xpos[other] - data.geom_xpos[one]
            length = math.sqrt(normal @ normal) + TOUCH
        elif self._left[index] + self._clearance[index] < 0.0:
            length = -length  # of two that overlap, the nearest points lie the other way round
        for jacobian, point, geom in zip(self._jacobians, (first, second), (one, other), strict=True):
            mujoco.mj_jac(self.model, data, jacobian, None, point, self.model.geom_bodyid[geom])
        gradient: np.ndarray = (normal / length) @ (self._jacobians[1] - self._jacobians[0])
        return gradient

    def _check_home(self, robot: RobotConfig) -> None:
        for index, (pair, left) in enumerate(zip(self.pairs, self._left, strict=True)):
            if left < 0.0:
                one, other = (geom_label(self.model, geom) for geom in pair)
                distance = left + self._clearance[index]
                raise UsageError(
                    f"robot '{robot.name}': at home '{one}' and '{other}' are {distance:.3f} m apart, nearer than "
                    f"{self._clearance[index]:.3f} m: name them in limits: collision: may_touch, or correct home."
                )
