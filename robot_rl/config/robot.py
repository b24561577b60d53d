"""A robot: model, joints, limits, workspace, action scale and the driver's topics. One YAML file a robot."""

from __future__ import annotations

from dataclasses import dataclass

from robot_rl.config.limits import LimitsConfig, WorkspaceConfig
from robot_rl.config.param import param


@dataclass(frozen=True, kw_only=True)
class ActionConfig:
    """What an action in [-1, 1] means: Cartesian translation of the tcp per step, and the gripper."""

    translation: float = param(description="tcp displacement of a full action, per step and axis", ge=0.001, unit="m")
    gripper: bool = param(True, "whether the last action dimension moves the gripper (-1 closed, +1 open)")


@dataclass(frozen=True, kw_only=True)
class GripperConfig:
    """A parallel gripper commanded by opening width."""

    joint: str = param(description="its joint in joint_states; position is the opening of one finger")
    topic: str = param("gripper_controller/commands", "Float64MultiArray of one opening")
    open: float = param(description="joint position when open", unit="m")
    closed: float = param(description="joint position when closed", unit="m")


@dataclass(frozen=True, kw_only=True)
class CommandConfig:
    """The driver's command interface."""

    kind: str = param("joint_position", "what the driver takes", choices=("joint_position",))
    topic: str = param("forward_position_controller/commands", "Float64MultiArray of joint positions")
    rate_hz: float = param(100.0, "rate of commands", ge=1.0, le=1000.0, unit="Hz")


@dataclass(frozen=True, kw_only=True)
class RobotConfig:
    """Everything the stack needs to know of a robot."""

    name: str = param(description="name of the robot")
    model: str = param(description="MJCF of the kinematic twin: 'fr3' for the built-in one, else a path")
    joints: tuple[str, ...] = param(description="joint names, in command order")
    home: tuple[float, ...] = param(description="joint positions that a reset ends in", unit="rad")
    limits: LimitsConfig = param(description="limits of the motion")
    workspace: WorkspaceConfig = param(description="box for the tcp")
    action: ActionConfig = param(description="meaning of an action")
    gripper: GripperConfig = param(description="gripper")
    command: CommandConfig = param(CommandConfig(), "command interface")
    joint_states: str = param("joint_states", "JointState topic of the driver")
    tcp_site: str = param("tcp", "site of the twin that is the tcp")
