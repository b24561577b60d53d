"""A leader arm: a second arm led by hand, whose joints the robot follows from where it stands."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from robot_rl.config.devices import DeviceConfig
from robot_rl.core.errors import UsageError
from robot_rl.teleop.device import Command

GRIPPER_TOUCH = 0.05
"""Change of the opening, of 2 in all, from which on the trigger counts as touched."""


class LeaderMap:
    """Joint positions of the leader as those of the robot's joints; it is touched while one of them moves."""

    def __init__(self, config: DeviceConfig, joints: tuple[str, ...]) -> None:
        leader = config.leader
        self._names = leader.joints or joints
        signs = leader.signs or (1.0,) * len(joints)
        if len(self._names) != len(joints) or len(signs) != len(joints):
            raise UsageError(
                f"the leader has {len(self._names)} joints and {len(signs)} signs, the robot {len(joints)} joints: "
                "give leader: joints and signs in the order of the robot's."
            )
        self._config, self._release_s = leader, config.release_s
        self._factor = leader.scale * np.array(signs)
        self.release()

    def release(self) -> None:
        """Forget where the leader was."""
        self._anchor: np.ndarray | None = None
        self._opening: float | None = None
        self._touched_s = -math.inf

    def gripper_is(self, opening: float) -> None:
        """Nothing: the trigger says where the gripper is to be."""
        del opening

    def command(self, inputs: Mapping[str, float], now_s: float) -> Command:
        """Where the leader stands; `inputs` are its joint positions by name [rad]."""
        joints = self._factor * np.array([inputs[name] for name in self._names])
        gripper = self._gripper(inputs)
        if self._moved(joints) | self._pulled(gripper):
            self._touched_s = now_s
        return Command(acts=now_s - self._touched_s <= self._release_s, gripper=gripper, joints=joints)

    def _moved(self, joints: np.ndarray) -> bool:
        """Whether it left the place where it was touched last: the noise of its sensors is no touch."""
        if self._anchor is None:
            self._anchor = joints
        if not (np.abs(joints - self._anchor) > self._config.touch).any():
            return False
        self._anchor = joints
        return True

    def _gripper(self, inputs: Mapping[str, float]) -> float | None:
        leader = self._config
        if not leader.gripper:
            return None
        share = (inputs[leader.gripper] - leader.gripper_closed) / (leader.gripper_open - leader.gripper_closed)
        return max(-1.0, min(1.0, 2.0 * share - 1.0))

    def _pulled(self, opening: float | None) -> bool:
        if opening is None or (self._opening is not None and abs(opening - self._opening) < GRIPPER_TOUCH):
            return False
        first, self._opening = self._opening is None, opening
        return not first
