"""The Cartesian limits together: rows for the QP, and the check that the robot could still stop inside them."""

from __future__ import annotations

import functools

import mink
import mujoco
import numpy as np

from robot_rl.config.limits import WorkspaceConfig
from robot_rl.config.robot import RobotConfig
from robot_rl.robot.twin import KinematicTwin
from robot_rl.safety.limits.barrier import GENTLE, Barriers, Rows, braking_rows
from robot_rl.safety.limits.between import lowest
from robot_rl.safety.limits.braking import brake, stop_displacement, stop_path, stop_speeds, stop_ticks
from robot_rl.safety.limits.collision import TOUCH, CollisionLimit
from robot_rl.safety.limits.orientation import OrientationLimit
from robot_rl.safety.limits.tcp_speed import TcpSpeedLimit
from robot_rl.safety.limits.workspace import WorkspaceLimit
from robot_rl.safety.reasons import Reason

SAMPLES = 14
"""Most configurations of a way to standstill at which it is checked; between them, distances are interpolated."""


class Envelope:
    """Workspace, orientation cone, tcp speed and collisions around the configuration last looked at.

    Rows of the QP are linear and so only nearly right. What is sent is therefore also checked: from the next
    configuration, braking all joints as hard as they may, the arm must come to rest without leaving the limits. The
    way to standstill that was checked in one tick is what remains open in the next; so a stop inside the acceleration
    limit never leaves the others, whatever was commanded.
    """

    def __init__(self, robot: RobotConfig, twin: KinematicTwin, workspace: WorkspaceConfig) -> None:
        self.workspace = WorkspaceLimit(workspace)
        self.orientation = OrientationLimit(robot.limits.orientation)
        self.speed = TcpSpeedLimit(robot.limits.tcp_speed)
        self.collision = CollisionLimit(robot, twin.model)
        self.configuration = mink.Configuration(self.collision.model)
        self._model, self._data = self.collision.model, mujoco.MjData(self.collision.model)
        self._site = twin.model.site(robot.tcp_site).id
        self._acceleration = np.array(robot.limits.acceleration)
        self._jacobian = np.zeros((6, twin.model.nv))
        self._way = np.empty((SAMPLES + 1, 3))  # of the tcp, from where it is
        self._rotations = np.empty((SAMPLES, 3, 3))

    def look(self, q: np.ndarray, dq: np.ndarray, dt: float) -> None:
        """Take configuration `q` (J,) [rad] and velocity `dq` (J,) [rad/s] as where the robot is."""
        self._q = q
        fastest = np.abs(dq) + self._acceleration * dt
        way = fastest * dt + stop_displacement(fastest, GENTLE * self._acceleration, dt)
        self.configuration.update(q)
        data, jacobian = self.configuration.data, self._jacobian
        mujoco.mj_jacSite(self._model, data, jacobian[:3], jacobian[3:], self._site)
        self._way[0] = data.site_xpos[self._site]
        walls = self.workspace.barriers(self._way[0], jacobian[:3])
        cone = self.orientation.barriers(data.site_xmat[self._site].reshape(3, 3), jacobian[3:])
        self._barriers = Barriers.joined(walls, cone, self.collision.barriers(data, way))
        self._least_wall = np.minimum(walls.distance, 0.0) - TOUCH
        self._least_angle = np.minimum(cone.distance, 0.0) - TOUCH

    def rows(self, dq: np.ndarray, wanted: np.ndarray, dt: float) -> Rows:
        """Rows of the next tick for a robot that moves with `dq` (J,) and is asked for about `wanted` (J,) [rad/s]."""
        stopping = brake(dq, self._acceleration, dt)
        barriers = braking_rows(self._barriers, dq, self._acceleration, dt, stopping)
        return barriers + self.speed.rows(self._jacobian, wanted, stopping)

    def refuses(self, dq: np.ndarray, dt: float) -> Reason | None:
        """The limit that would be broken on the way to standstill after one tick with velocity `dq` (J,), or None."""
        ticks = stop_ticks(dq, self._acceleration, dt)
        if not self.speed.kept(stop_speeds(dq, self._acceleration, dt, ticks) @ self._jacobian.T):
            return self.speed.reason
        seen = _spread(ticks)
        path = stop_path(dq, self._acceleration, dt, seen)
        for row, way in enumerate(path):
            self._data.qpos[:] = self._q + way
            mujoco.mj_kinematics(self._model, self._data)
            self._way[row + 1] = self._data.site_xpos[self._site]
            self._rotations[row] = self._data.site_xmat[self._site].reshape(3, 3)
        # The Jacobian is that of one configuration: fast joints leave it within a tick, with the tcp still slow.
        positions, before = self._way[1 : len(path) + 1], self._way[: len(path)]
        if not self.speed.kept_by((positions - before) / (dt * _gaps(ticks))):
            return self.speed.reason
        if not (lowest(self.workspace.distances(positions), seen) >= self._least_wall).all():
            return self.workspace.reason
        if not (lowest(self.orientation.distances(self._rotations[: len(path)]), seen) >= self._least_angle).all():
            return self.orientation.reason
        return None if self.collision.clears(self._data, self._q, path) else self.collision.reason


@functools.cache
def _spread(ticks: int) -> np.ndarray:
    """At most SAMPLES of the ticks 1 to `ticks`, evenly spread, first and last among them (K, 1)."""
    return np.unique(np.linspace(1, ticks, min(SAMPLES, ticks)).round())[:, None]


@functools.cache
def _gaps(ticks: int) -> np.ndarray:
    """Ticks from each of `_spread` to the one before it, from 0 to the first (K, 1)."""
    return np.diff(_spread(ticks), axis=0, prepend=0.0)
