"""A scripted demonstrator that knows the simulator's state and acts through the same actions as everyone."""

from __future__ import annotations

import numpy as np

from robot_rl.config.plugins import load_plugin
from robot_rl.config.robot import RobotConfig
from robot_rl.core.errors import UsageError
from robot_rl.robot.action_map import ActionMap
from robot_rl.robot.tasks.base import Task
from robot_rl.teleop.experts.base import Expert

EXPERTS = "robot_rl.teleop.experts"
TOP_SPEED = 0.5
"""Largest translation component of an action before noise: demonstrations leave room to become faster."""
SLOW_DOWN = 0.6
"""Fraction of the remaining way taken in one step."""
MISS = 0.06
"""How far aside an episode with a mistake goes [m]."""


class ScriptedExpert:
    """Expert of one task with Gaussian noise on its translations and its turn.

    `noise` is the standard deviation in units of the action, [0, 1]. An episode misses with probability `mistakes`: its
    aim is MISS aside all the time. The same seed and states give the same actions. `rescuing` asks for the task's
    RESCUER, where it has one, who goes on from wherever a policy went wrong.
    It turns the tcp about z where the task asks for it. UsageError for a robot of another mode than cartesian_delta.
    """

    def __init__(
        self,
        task: Task,
        robot: RobotConfig,
        noise: float = 0.1,
        seed: int = 0,
        mistakes: float = 0.0,
        *,
        rescuing: bool = False,
    ) -> None:
        if robot.action.mode != "cartesian_delta":
            raise UsageError(
                f"the scripted expert speaks displacements of the tcp, robot '{robot.name}' has action.mode "
                f"'{robot.action.mode}': use a robot of mode cartesian_delta, or another teleop device."
            )
        module = load_plugin(EXPERTS, "scripted expert", task.name)
        self._expert: Expert = (getattr(module, "RESCUER", module.EXPERT) if rescuing else module.EXPERT)()
        self._names = task.state_names
        self._spec = ActionMap(robot).spec
        self._scale, self._turn = robot.action.translation, robot.action.rotation
        self._closed, self._open = robot.gripper.closed, robot.gripper.open
        self._noise, self._mistakes = noise, mistakes
        self._rng = np.random.default_rng(seed)
        self._aside = np.zeros(3)

    def reset(self) -> None:
        """Begin an episode; the noise goes on."""
        self._expert.reset()
        self._aside = np.zeros(3)
        if self._mistakes and self._rng.random() < self._mistakes:
            angle = self._rng.uniform(0.0, 2.0 * np.pi)
            self._aside = MISS * np.array([np.cos(angle), np.sin(angle), 0.0])

    def remaining(self, state: np.ndarray) -> float:
        """How far `state` is from done, along the expert's way [m]."""
        return self._expert.remaining(self._named(state))

    def act(self, state: np.ndarray) -> np.ndarray:
        """Action float32 (A,) in [-1, 1] for the privileged `state` vector (in the order of task.state_names)."""
        move = self._expert.move(self._named(state))
        translation = SLOW_DOWN * (move.displacement + self._aside) / self._scale
        translation = translation * min(1.0, TOP_SPEED / max(float(np.abs(translation).max()), 1e-9))
        translation = translation + self._rng.normal(0.0, self._noise, 3)
        values = {**dict(zip(("dx", "dy", "dz"), translation, strict=True)), "gripper": move.gripper}
        if move.turn is not None and self._turn:
            turn = np.clip(SLOW_DOWN * move.turn / self._turn, -TOP_SPEED, TOP_SPEED)
            values["rz"] = turn + self._rng.normal(0.0, self._noise)
        return self._spec.check(np.array([values.get(name, 0.0) for name in self._spec.names]))

    def _named(self, state: np.ndarray) -> dict[str, float]:
        named = dict(zip(self._names, map(float, state), strict=True))
        named["gripper"] = (named["gripper"] - self._closed) / (self._open - self._closed)
        return named
