"""The model that is simulated: robot and task, and where in MuJoCo's arrays the robot's joints lie."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from robot_rl.config.robot import RobotConfig
from robot_rl.core.errors import UsageError, unknown_name
from robot_rl.robot.model import robot_spec
from robot_rl.robot.tasks.base import GRIPPER, Task


def simulation_model(robot: RobotConfig, task: Task) -> mujoco.MjModel:
    """Robot and task objects, compiled; UsageError if the model lacks the gripper joint."""
    spec = robot_spec(robot)
    joint, known = robot.gripper.joint, [joint.name for joint in spec.joints]
    if joint not in known:
        raise unknown_name("joint", joint, known, f"robot '{robot.name}', key gripper: joint")
    kind, of = mujoco.mjtSensor.mjSENS_JOINTPOS, mujoco.mjtObj.mjOBJ_JOINT
    spec.add_sensor(name=GRIPPER, type=kind, objtype=of, objname=joint)
    task.add_to(spec)
    return spec.compile()


@dataclass(frozen=True)
class ArmIndex:
    """Indices into MuJoCo's arrays."""

    positions: np.ndarray
    """of the arm's joints in qpos (J,)"""
    dofs: np.ndarray
    """of the arm's joints in qvel (J,)"""
    motors: np.ndarray
    """of the arm's position actuators in ctrl (J,), named like the joints"""
    lead: np.ndarray
    """damping over stiffness of those actuators (J,) [s]"""
    finger_positions: np.ndarray
    """of the gripper joint and of what is coupled to it in qpos (F,)"""
    finger_dofs: np.ndarray
    """the same in qvel (F,)"""
    gripper_motor: int
    """of the one actuator in ctrl that belongs to no joint of the arm"""

    @classmethod
    def of(cls, model: mujoco.MjModel, robot: RobotConfig) -> ArmIndex:
        """Look the robot's names up; UsageError if the model lacks an actuator."""
        actuators = [model.actuator(index).name for index in range(model.nu)]
        for name in robot.joints:
            if name not in actuators:
                raise unknown_name("actuator", name, actuators, f"the model of robot '{robot.name}'")
        motors = np.array([actuators.index(name) for name in robot.joints])
        others = [index for index in range(model.nu) if index not in motors]
        if len(others) != 1:
            raise UsageError(
                f"the model of robot '{robot.name}' has {len(others)} actuators beside its joints', expected 1 "
                "for the gripper: simulate a model with one gripper actuator."
            )
        joints = np.array([model.joint(name).id for name in robot.joints])
        fingers = _fingers(model, robot)
        return cls(
            positions=model.jnt_qposadr[joints],
            dofs=model.jnt_dofadr[joints],
            motors=motors,
            lead=-model.actuator_biasprm[motors, 2] / model.actuator_gainprm[motors, 0],
            finger_positions=model.jnt_qposadr[fingers],
            finger_dofs=model.jnt_dofadr[fingers],
            gripper_motor=others[0],
        )


def _fingers(model: mujoco.MjModel, robot: RobotConfig) -> np.ndarray:
    first = model.joint(robot.gripper.joint).id
    coupled = (model.eq_type == mujoco.mjtEq.mjEQ_JOINT) & (model.eq_obj1id == first)
    return np.array([first, *model.eq_obj2id[coupled]])
