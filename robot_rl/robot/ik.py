"""Differential inverse kinematics: the joint velocity that takes the tcp to a target within limits."""

from __future__ import annotations

from collections.abc import Sequence

import daqp
import mink
import numpy as np
from mink.limits.limit import Constraint

from robot_rl.core.errors import RobotRLError
from robot_rl.core.geometry import Pose
from robot_rl.robot.twin import KinematicTwin

POSTURE_COST = 0.02
POSTURE_GAIN = 0.02
DAMPING = 1e-8
PRIMAL_TOL = 1e-9
"""How far limits may be missed, as a joint displacement [rad]; the default of 1e-6 shows in a speed at 100 Hz."""


class Infeasible(RobotRLError):
    """The limits leave no joint velocity, or the result is not finite."""


class PositionLimit(mink.ConfigurationLimit):
    """Joint position limits with a margin; inside the margin a joint may stay or go back, but is not thrown back.

    Without this, a joint that starts within the margin would have to leave it in one tick, against velocity limits.
    """

    def compute_qp_inequalities(self, configuration: mink.Configuration, dt: float) -> Constraint:
        """Return G, h with G dq dt <= h, (2J, J) and (2J,)."""
        matrix, bound = super().compute_qp_inequalities(configuration, dt)
        return Constraint(matrix, None if bound is None else np.maximum(bound, 0.0))


class TcpObjective:
    """Bring the tcp to a target in one tick, and prefer the home posture where the target leaves it open."""

    def __init__(self, twin: KinematicTwin) -> None:
        robot = twin.robot
        self._frame = mink.FrameTask(robot.tcp_site, "site", 1.0, robot.action.orientation_cost)
        # The posture only settles what the target leaves open (the elbow of a seven-joint arm): weak and slow.
        self._home = np.array(robot.home)
        self._flat = (POSTURE_COST**2 + DAMPING) * np.eye(twin.model.nv)

    def quadratic(self, configuration: mink.Configuration, target: Pose) -> tuple[np.ndarray, np.ndarray]:
        """Matrix (J, J) and vector (J,) of the cost of a joint displacement from `configuration`."""
        self._frame.set_target(mink.SE3(wxyz_xyz=np.concatenate([target.quaternion, target.position])))
        jacobian, error, _ = self._frame.compute_qp_residual(configuration)
        away = configuration.data.qpos - self._home
        return jacobian.T @ jacobian + self._flat, POSTURE_COST**2 * POSTURE_GAIN * away - error @ jacobian


def solve_qp(
    hessian: np.ndarray, linear: np.ndarray, matrix: np.ndarray, upper: np.ndarray, lower: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Minimiser (J,) of x'Hx/2 + c'x within `lower` <= [x; matrix x] <= `upper`, and the bounds' multipliers.

    The first entries of `lower` and `upper` beyond the rows of `matrix` bound x itself. Raises Infeasible where
    nothing satisfies the bounds or the result is not finite.
    """
    sense = np.zeros(upper.shape, np.int32)
    # daqp directly: qpsolvers' wrapping of it costs as much time as the solution.
    step, _, flag, info = daqp.solve(hessian, linear, matrix, upper, lower, sense, primal_tol=PRIMAL_TOL)
    if flag <= 0:
        raise Infeasible(f"no joint velocity satisfies all limits (solver exit flag {flag}): the robot must hold.")
    if not np.isfinite(step).all():
        raise Infeasible(f"the solver gave {step}, not finite numbers: the robot must hold.")
    return np.asarray(step), np.asarray(info["lam"])


class DifferentialIK:
    """Quadratic program over joint displacements: reach the tcp target, prefer the home posture, obey limits.

    Limits are joint positions (with the robot's margin), joint velocities and `extra_limits`.
    """

    def __init__(self, twin: KinematicTwin, extra_limits: Sequence[mink.Limit] = ()) -> None:
        robot = twin.robot
        self._configuration = mink.Configuration(twin.model)
        self._objective = TcpObjective(twin)
        speeds = dict(zip(robot.joints, robot.limits.velocity, strict=True))
        self._limits = [
            PositionLimit(twin.model, min_distance_from_limits=robot.limits.position_margin),
            mink.VelocityLimit(twin.model, speeds),
            *extra_limits,
        ]

    def solve(self, q: np.ndarray, target: Pose, dt: float) -> np.ndarray:
        """Joint velocity (J,) [rad/s] that brings the tcp from joint positions `q` (J,) to `target` in `dt` [s].

        Raises Infeasible when the limits contradict each other or the result is not finite.
        """
        if not np.isfinite(q).all():
            raise Infeasible(f"inverse kinematics got joint positions {q}, not finite numbers: the robot must hold.")
        self._configuration.update(np.asarray(q, np.float64))
        hessian, linear = self._objective.quadratic(self._configuration, target)
        rows = [limit.compute_qp_inequalities(self._configuration, dt) for limit in self._limits]
        matrix = np.vstack([row.G for row in rows if row.G is not None])
        upper = np.hstack([row.h for row in rows if row.h is not None])
        step, _ = solve_qp(hessian, linear, matrix, upper, np.full(upper.shape, -1e30))
        return step / dt
