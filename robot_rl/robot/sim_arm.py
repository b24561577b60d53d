"""A simulated arm with gripper and cameras, at a task: it stands where driver and cameras of a real robot would."""

from __future__ import annotations

from collections.abc import Sequence

import mujoco
import numpy as np

from robot_rl.config.robot import RobotConfig
from robot_rl.core.errors import SchemaError
from robot_rl.robot.reference import Reference
from robot_rl.robot.renderer import CameraRenderer
from robot_rl.robot.sim_model import ArmIndex, simulation_model
from robot_rl.robot.tasks.base import Task


class SimArm:
    """Position-controlled arm: takes joint positions and an opening, moves only when told to advance.

    The same seed and the same calls give the same sequence. Use it from one thread.
    """

    def __init__(
        self,
        robot: RobotConfig,
        task: Task,
        cameras: Sequence[str] = (),
        image_size: int = 64,
        seed: int | Sequence[int] = 0,
    ) -> None:
        self.robot, self.task = robot, task
        self.model = simulation_model(robot, task)
        self.data = mujoco.MjData(self.model)
        self._index = ArmIndex.of(self.model, robot)
        self._rng = np.random.default_rng(seed)
        self._renderer = CameraRenderer(self.model, cameras, image_size)
        period = 1.0 / robot.command.rate_hz
        self._arm = Reference(np.array(robot.home), np.array(robot.limits.velocity), period)
        self._gripper = Reference(np.array([robot.gripper.open]), np.array([robot.gripper.speed]), period)
        self._elapsed = 0.0
        self.home()
        self.randomize()

    @property
    def time(self) -> float:
        """Simulated time [s] since construction."""
        return self._elapsed

    @property
    def joint_positions(self) -> np.ndarray:
        """Measured joint positions (J,) [rad]."""
        return np.array(self.data.qpos[self._index.positions])

    @property
    def joint_velocities(self) -> np.ndarray:
        """Measured joint velocities (J,) [rad/s]."""
        return np.array(self.data.qvel[self._index.dofs])

    @property
    def joint_efforts(self) -> np.ndarray:
        """Joint torques (J,) [Nm], gravity compensation included."""
        return np.array(self.data.qfrc_actuator[self._index.dofs])

    @property
    def opening(self) -> float:
        """Measured position of the gripper joint [m]."""
        return float(self.data.qpos[self._index.finger_positions[0]])

    def command(self, q: np.ndarray, opening: float) -> None:
        """Command joint positions `q` (J,) [rad] and a gripper joint position `opening` [m], both cut to their range.

        Raises SchemaError when `q` has another size or anything is not finite.
        """
        q = np.asarray(q, np.float64)
        if q.shape != self._arm.value.shape or not np.isfinite([*q, opening]).all():
            raise SchemaError(
                f"command {q}, opening {opening} is not {self._arm.value.size} + 1 finite numbers: refused."
            )
        limits, gripper = self.robot.limits, self.robot.gripper
        self._arm.command(np.clip(q, limits.position_lower, limits.position_upper))
        low, high = sorted((gripper.closed, gripper.open))
        self._gripper.command(np.array([min(max(opening, low), high)]))

    def advance(self, seconds: float) -> None:
        """Let `seconds` of simulated time pass (to the nearest physics step; what is left over is not forgotten)."""
        self._elapsed += seconds
        step = self.model.opt.timestep
        for _ in range(round((self._elapsed - self.data.time) / step)):
            self._step(step)
        # After a step MuJoCo's Cartesian quantities still belong to the state before it.
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_camlight(self.model, self.data)

    def randomize(self) -> None:
        """Put the task's objects at a new random pose; the arm stays as it is."""
        self.task.randomize(self.model, self.data, self._rng)
        mujoco.mj_forward(self.model, self.data)

    def home(self) -> None:
        """Put the arm at rest at home with the gripper open, at once: for tests and loops without a driver."""
        self.place(np.array(self.robot.home))

    def place(self, q: np.ndarray) -> None:
        """Put the arm at rest at joint positions `q` (J,) [rad] with the gripper open, at once."""
        index, data = self._index, self.data
        data.qpos[index.positions] = q
        data.qpos[index.finger_positions] = self.robot.gripper.open
        data.qvel[index.dofs] = 0.0
        data.qvel[index.finger_dofs] = 0.0
        data.ctrl[index.motors] = q
        data.ctrl[index.gripper_motor] = self.robot.gripper.open
        self._arm.reset(q)
        self._gripper.reset(np.array([self.robot.gripper.open]))
        mujoco.mj_forward(self.model, data)

    def state(self) -> np.ndarray:
        """Privileged state of the task, float64 (len(task.state_names),)."""
        return self.task.state(self.model, self.data)

    def images(self) -> dict[str, np.ndarray]:
        """Camera name -> uint8 (image_size, image_size, 3) RGB image of now."""
        return self._renderer.images(self.data)

    def close(self) -> None:
        """Free the renderer."""
        self._renderer.close()

    def _step(self, dt: float) -> None:
        self._arm.advance(dt)
        self._gripper.advance(dt)
        index, data = self._index, self.data
        # Position servos with velocity feed-forward: without the lead their damping would make the arm lag behind.
        data.ctrl[index.motors] = self._arm.value + index.lead * self._arm.velocity
        data.ctrl[index.gripper_motor] = self._gripper.value[0]
        mujoco.mj_step(self.model, data)
