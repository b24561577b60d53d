"""The motion entries of an action, whatever the robot's actions mean, from shares of a full one or a leader arm."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from robot_rl.config.limits import WorkspaceConfig
from robot_rl.config.robot import RobotConfig
from robot_rl.core.geometry import Pose
from robot_rl.robot.modes import make_mode
from robot_rl.robot.modes.cartesian_delta import CartesianDelta
from robot_rl.robot.modes.cartesian_pose import CartesianPose
from robot_rl.robot.modes.joint_position import JointPosition
from robot_rl.robot.twin import KinematicTwin

TURN = 0.1
"""Turn a step of a full action where actions are poses [rad]."""
AHEAD = 2.0
"""Steps by which a place that is asked for may be ahead of the arm."""


class Steering(Protocol):
    """Makes the motion entries of an action."""

    places: bool
    """True where actions are places, for which the arm's joint positions must be known."""

    def forget(self) -> None:
        """Begin anew from where the arm and the leader stand."""

    def motion(self, asked: np.ndarray, leader: np.ndarray | None, q: np.ndarray | None) -> np.ndarray:
        """Motion (M,) in [-1, 1] for shares `asked` (M,) of a full action or a `leader`'s joints (J,), from `q` (J,).

        Without either it keeps the arm where it is.
        """


def make_steering(robot: RobotConfig, workspace: WorkspaceConfig | None, period_s: float) -> Steering:
    """Steering for the robot's mode, in steps of `period_s`; `workspace` replaces its box where a task has another."""
    twin = KinematicTwin(robot)
    mode = make_mode(robot, twin.tcp_pose(np.array(robot.home)).quaternion, period_s, workspace)
    if isinstance(mode, CartesianDelta):
        return _TcpDeltas(mode, twin)
    if isinstance(mode, (CartesianPose, JointPosition)):
        return _Places(mode, twin, robot, workspace or robot.workspace)
    return _JointDeltas(robot.action.joint)


class _TcpDeltas:
    """A leader's tcp is followed: what one step cannot do is left for the next."""

    places = False

    def __init__(self, mode: CartesianDelta, twin: KinematicTwin) -> None:
        self._mode, self._twin = mode, twin
        self.forget()

    def forget(self) -> None:
        self._done: Pose | None = None

    def motion(self, asked: np.ndarray, leader: np.ndarray | None, q: np.ndarray | None) -> np.ndarray:
        del q
        if leader is None:
            return asked
        now = self._twin.tcp_pose(leader)
        done = self._done or now
        step = self._mode.invert(done, now)
        self._done = self._mode.target(done, step)
        return step


class _JointDeltas:
    """As _TcpDeltas, joint by joint."""

    places = False

    def __init__(self, scale: float) -> None:
        self._scale = scale
        self.forget()

    def forget(self) -> None:
        self._done: np.ndarray | None = None

    def motion(self, asked: np.ndarray, leader: np.ndarray | None, q: np.ndarray | None) -> np.ndarray:
        del q
        if leader is None:
            return asked
        done = leader if self._done is None else self._done
        step: np.ndarray = np.clip((leader - done) / self._scale, -1.0, 1.0)
        self._done = done + step * self._scale
        return step


class _Places:
    """Adds up what is asked for, from where the arm is when it begins."""

    places = True

    def __init__(
        self, mode: CartesianPose | JointPosition, twin: KinematicTwin, robot: RobotConfig, workspace: WorkspaceConfig
    ) -> None:
        self._mode, self._twin = mode, twin
        if isinstance(mode, JointPosition):
            limits, margin = robot.limits, 2.0 * robot.limits.position_margin
            span = np.array(limits.position_upper) - np.array(limits.position_lower) - margin
            self._step = 2.0 * robot.action.joint / span
        else:
            span = np.array(workspace.upper) - np.array(workspace.lower)
            turns = [TURN / robot.action.rotation for _ in mode.names[3:]]
            self._step = np.array([*(2.0 * robot.action.translation / span), *turns])
        self.forget()

    def forget(self) -> None:
        self._target: np.ndarray | None = None
        self._leader: np.ndarray | None = None

    def motion(self, asked: np.ndarray, leader: np.ndarray | None, q: np.ndarray | None) -> np.ndarray:
        assert q is not None
        here = self._place(q)
        target = here if self._target is None else self._target
        if leader is not None:
            led = self._place(leader)
            target = target + (0.0 if self._leader is None else led - self._leader)
            self._leader = led
        else:
            target = np.where(
                asked != 0.0, np.clip(target, here - AHEAD * self._step, here + AHEAD * self._step), target
            )
            target = target + asked * self._step
        self._target = np.clip(target, -1.0, 1.0)
        return self._target

    def _place(self, q: np.ndarray) -> np.ndarray:
        return (
            self._mode.invert(q) if isinstance(self._mode, JointPosition) else self._mode.invert(self._twin.tcp_pose(q))
        )
