"""What the simulated arm really did, judged from MuJoCo's own state and the robot's limits: not by the filter."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import mujoco
import numpy as np

from robot_rl.config.robot import RobotConfig
from robot_rl.robot.model import twin_model
from robot_rl.robot.sim_arm import SimArm
from robot_rl.safety.limits.pairs import geom_pairs, touching_pairs

TOLERANCES = {
    "command": 1e-6,
    "joint": 0.0,
    "velocity": 0.05,
    "acceleration": 0.5,
    "workspace": 0.005,
    "orientation": 0.02,
    "tcp_speed": 0.1,
    "clearance": 0.005,
}
"""What may miss a limit by how much. What was sent: a share of the acceleration limit. The real arm, whose servos
follow with an error and overshoot a step of the acceleration by almost half: rad beyond the hard joint position limit;
shares of the speed and acceleration limits; m beyond a wall; rad beyond the cone; m of the clearance."""
SHAKEN = 10
"""Ticks after a contact in which the servos' recovery is not judged as an acceleration that was commanded."""


@dataclass
class Verdict:
    """Counts of ticks that broke a limit by kind, contacts nobody planned, and the worst excess of every kind."""

    violations: Counter[str] = field(default_factory=Counter)
    worst: dict[str, float] = field(default_factory=dict)
    unplanned_contacts: int = 0

    def take(self, kind: str, excess: float) -> None:
        """Count a tick whose worst `excess` over the limit (negative inside) is beyond the tolerance, or no number."""
        self.worst[kind] = max(self.worst.get(kind, -np.inf), excess)
        if not excess <= TOLERANCES[kind]:
            self.violations[kind] += 1

    def merge(self, other: Verdict) -> None:
        """Add what another run found."""
        self.violations.update(other.violations)
        self.unplanned_contacts += other.unplanned_contacts
        self.worst = {k: max(self.worst.get(k, -np.inf), other.worst.get(k, -np.inf)) for k in TOLERANCES}


class GroundTruth:
    """Watches a SimArm tick by tick against `robot`'s limits."""

    def __init__(self, robot: RobotConfig, arm: SimArm) -> None:
        self.verdict = Verdict()
        self._arm, self._limits, self._space = arm, robot.limits, robot.workspace
        self._model, self._data = arm.model, arm.data
        self._dt = 1.0 / robot.command.rate_hz
        self._site = self._model.site(robot.tcp_site).id
        self._lower, self._upper = np.array(robot.limits.position_lower), np.array(robot.limits.position_upper)
        self._speed, self._acceleration = np.array(robot.limits.velocity), np.array(robot.limits.acceleration)
        cone = robot.limits.orientation
        self._axis, self._direction = _unit(cone.axis), _unit(cone.direction)
        self._find_pairs(robot)
        self.begin()

    def begin(self) -> None:
        """Take the arm's present state as the start of a motion."""
        mujoco.mj_forward(self._model, self._data)
        self._touch, self._unplanned, self._shaken = False, False, 0
        self._last = self._arm.joint_velocities
        self._sent, self._sent_speed = self._arm.joint_positions, np.zeros(len(self._speed))
        self._tcp = self._data.site_xpos[self._site].copy()

    def check(self, sent: np.ndarray) -> None:
        """Judge the tick that has just passed with command `sent` (J,) [rad], and the physics steps seen by `look`."""
        self._check_sent(sent)
        self._shaken = SHAKEN if self._touch else max(0, self._shaken - 1)
        self._touch = False
        clearance = self.least_clearance()
        self.verdict.unplanned_contacts += self._unplanned or clearance <= -self._limits.collision.clearance
        self._unplanned = False
        q, dq, verdict = self._arm.joint_positions, self._arm.joint_velocities, self.verdict
        verdict.take("joint", float(np.maximum(self._lower - q, q - self._upper).max()))
        verdict.take("velocity", float((np.abs(dq) / self._speed).max() - 1.0))
        if not self._shaken:  # a push from outside, and its end, accelerate the arm beyond any command
            verdict.take("acceleration", float((np.abs(dq - self._last) / self._dt / self._acceleration).max() - 1.0))
        self._last = dq
        self._check_tcp()
        verdict.take("clearance", -clearance)

    def inside(self, room: float) -> bool:
        """True where the arm keeps its workspace, cone and clearance with `room` [m, rad] to spare."""
        mujoco.mj_kinematics(self._model, self._data)
        return self._outside_walls() <= -room and self._outside_cone() <= -room and self.least_clearance() >= room

    def least_clearance(self) -> float:
        """Smallest distance [m] of two geoms that must not touch, above the clearance; at most 0.05."""
        data, clearance = self._data, self._limits.collision.clearance
        apart = data.geom_xpos[self._pairs[:, 0]] - data.geom_xpos[self._pairs[:, 1]]
        bound = np.sqrt(np.einsum("ij,ij->i", apart, apart)) - self._radii
        least = clearance + 0.05
        for one, other in self._pairs[bound < least].tolist():
            least = min(least, mujoco.mj_geomDistance(self._model, data, one, other, least, None))
        return float(least - clearance)

    def _check_sent(self, sent: np.ndarray) -> None:
        speed = (sent - self._sent) / self._dt
        change = np.abs(speed - self._sent_speed) / self._dt / self._acceleration
        self.verdict.take("command", float(change.max()) - 1.0)
        self._sent, self._sent_speed = sent, speed

    def _check_tcp(self) -> None:
        tcp = self._data.site_xpos[self._site].copy()
        self.verdict.take(
            "tcp_speed", float(np.linalg.norm(tcp - self._tcp)) / self._dt / self._limits.tcp_speed.linear - 1.0
        )
        self._tcp = tcp
        self.verdict.take("workspace", self._outside_walls())
        self.verdict.take("orientation", self._outside_cone())

    def _outside_walls(self) -> float:
        tcp = self._data.site_xpos[self._site]
        box = np.maximum(np.array(self._space.lower) - tcp, tcp - np.array(self._space.upper)).max()
        planes = [plane.offset - float(_unit(plane.normal) @ tcp) for plane in self._space.planes]
        return float(max([box, *planes]))

    def _outside_cone(self) -> float:
        axis = self._data.site_xmat[self._site].reshape(3, 3) @ self._axis
        return float(np.arccos(np.clip(axis @ self._direction, -1.0, 1.0))) - self._limits.orientation.angle

    def _find_pairs(self, robot: RobotConfig) -> None:
        twin, model = twin_model(robot), self._model
        pairs = set(geom_pairs(twin)) - touching_pairs(twin, robot.limits.collision.may_touch)
        self._pairs = np.array([[model.geom(twin.geom(geom).name).id for geom in pair] for pair in sorted(pairs)])
        spheres = np.where(model.geom_type == mujoco.mjtGeom.mjGEOM_PLANE, np.inf, model.geom_rbound)
        self._radii = spheres[self._pairs].sum(axis=1)
        self._forbidden = {frozenset(pair) for pair in self._pairs.tolist()}
        self._of_arm = {model.geom(g).id for g in range(model.ngeom) if _carried(model, g, robot.joints)}

    def look(self) -> None:
        """Note what touches the arm after a physics step, which leaves out the arm's contacts with itself."""
        for pair in self._data.contact.geom[: self._data.ncon].tolist():
            self._touch |= not self._of_arm.isdisjoint(pair)
            self._unplanned |= frozenset(pair) in self._forbidden


def _carried(model: mujoco.MjModel, geom: int, joints: tuple[str, ...]) -> bool:
    """True where one of the arm's `joints` moves the geom."""
    body = int(model.geom_bodyid[geom])
    while body:
        first = model.body_jntadr[body]
        if any(model.joint(joint).name in joints for joint in range(first, first + model.body_jntnum[body])):
            return True
        body = int(model.body_parentid[body])
    return False


def _unit(vector: np.ndarray | tuple[float, ...]) -> np.ndarray:
    return np.asarray(vector) / np.linalg.norm(vector)
