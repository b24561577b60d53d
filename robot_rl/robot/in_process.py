"""The simulated arm as an environment in one process, without a graph: for tests and for validating experts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robot_rl.config.robot import RobotConfig
from robot_rl.core.errors import UsageError
from robot_rl.core.geometry import Pose, rotation_angle, turn_towards
from robot_rl.core.outcome import Outcome
from robot_rl.robot.action_map import ActionMap
from robot_rl.robot.ik import DifferentialIK
from robot_rl.robot.modes.cartesian_delta import CartesianDelta
from robot_rl.robot.proprio import ProprioMap
from robot_rl.robot.sim_arm import SimArm
from robot_rl.robot.tasks.base import Task
from robot_rl.robot.twin import KinematicTwin

RATE_HZ = 10.0


@dataclass(frozen=True)
class Observation:
    """Images (camera -> uint8 (S, S, 3)), proprioception float32 (P,) and the task's privileged state float64."""

    images: dict[str, np.ndarray]
    proprio: np.ndarray
    state: np.ndarray


@dataclass(frozen=True)
class Transition:
    """What a step led to: observation, its outcome, the action really executed, and whether time is up."""

    observation: Observation
    outcome: Outcome
    action: np.ndarray
    truncated: bool


class InProcessEnv:
    """Control at 10 Hz over joint commands at the driver's rate; targets are interpolated in between.

    Takes Cartesian displacements only; UsageError for a robot of another mode.
    """

    def __init__(
        self,
        robot: RobotConfig,
        task: Task,
        image_size: int = 64,
        seed: int = 0,
        episode_steps: int = 50,
        cameras: tuple[str, ...] = ("wrist", "front"),
    ) -> None:
        if robot.action.mode != "cartesian_delta":
            raise UsageError(f"robot '{robot.name}' has mode '{robot.action.mode}': give one of mode cartesian_delta.")
        self.robot, self.task = robot, task
        self.arm = SimArm(robot, task, cameras, image_size, seed)
        self.action_map = ActionMap(robot)
        self._twin = KinematicTwin(robot)
        self._mode = CartesianDelta(robot.action, self._twin.tcp_pose(np.array(robot.home)).quaternion, 1.0 / RATE_HZ)
        self._ik = DifferentialIK(self._twin)
        self._proprio = ProprioMap(robot, self._twin)
        self._ticks = round(robot.command.rate_hz / RATE_HZ)
        self._workspace = task.workspace or robot.workspace
        self._episode_steps = episode_steps
        self.reset()

    def reset(self) -> Observation:
        """Teleport the arm home, place the objects anew and return the first observation."""
        self.arm.home()
        self.arm.randomize()
        self._q = np.array(self.robot.home)
        self._steps = 0
        return self._observe()

    def step(self, action: np.ndarray) -> Transition:
        """Execute `action` (A,) in [-1, 1] for 0.1 s."""
        action = self.action_map.spec.check(action)
        start = self._twin.tcp_pose(self._q)
        opening = self.action_map.opening(action)
        target = self._mode.target(start, action[: self.action_map.motion])
        self._move(start, self._bounded(target), opening)
        executed = self.action_map.join(self._mode.invert(start, self._twin.tcp_pose(self._q)), opening)
        self._steps += 1
        observation = self._observe()
        outcome = self.task.outcome(observation.state)
        return Transition(observation, outcome, executed, self._steps >= self._episode_steps)

    def close(self) -> None:
        """Free the renderer."""
        self.arm.close()

    def _bounded(self, target: Pose) -> Pose:
        return Pose(np.clip(target.position, self._workspace.lower, self._workspace.upper), target.quaternion)

    def _move(self, start: Pose, end: Pose, opening: float) -> None:
        dt, angle = 1.0 / self.robot.command.rate_hz, rotation_angle(start.quaternion, end.quaternion)
        for tick in range(1, self._ticks + 1):
            share = tick / self._ticks
            position = start.position + (end.position - start.position) * share
            target = Pose(position, turn_towards(start.quaternion, end.quaternion, angle * share))
            self._q = self._q + self._ik.solve(self._q, target, dt) * dt
            self.arm.command(self._q, opening)
            self.arm.advance(dt)

    def _observe(self) -> Observation:
        arm = self.arm
        proprio = self._proprio.vector(arm.joint_positions, arm.joint_velocities, arm.opening)
        return Observation(arm.images(), proprio, arm.state())
