"""A robot: model, joints, limits, workspace, action scale and the driver's topics. One YAML file a robot."""

from __future__ import annotations

from dataclasses import dataclass

from robot_rl.config.param import param


@dataclass(frozen=True, kw_only=True)
class LimitsConfig:
    """Joint limits; every list has one entry a joint."""

    position_lower: tuple[float, ...] = param(description="lower joint positions", unit="rad")
    position_upper: tuple[float, ...] = param(description="upper joint positions", unit="rad")
    velocity: tuple[float, ...] = param(description="joint speed limits", ge=0.0, unit="rad/s")
    acceleration: tuple[float, ...] = param(description="joint acceleration limits", ge=0.0, unit="rad/s^2")
    jerk: tuple[float, ...] = param(description="joint jerk limits, used by reset motions", ge=0.0, unit="rad/s^3")
    leash: float = param(
        0.1, "distance of command and measured joint at which the command gives way", ge=0.0, unit="rad"
    )
    tracking_fault: float = param(0.3, "distance of command and measured joint that is a fault", ge=0.0, unit="rad")
    position_margin: float = param(0.05, "distance kept from the joint position limits", ge=0.0, unit="rad")


@dataclass(frozen=True, kw_only=True)
class WorkspaceConfig:
    """Axis-aligned box for the tcp, in the robot's base frame."""

    lower: tuple[float, float, float] = param(description="lower corner", unit="m")
    upper: tuple[float, float, float] = param(description="upper corner", unit="m")


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
    limits: LimitsConfig = param(description="joint limits")
    workspace: WorkspaceConfig = param(description="box for the tcp")
    action: ActionConfig = param(description="meaning of an action")
    gripper: GripperConfig = param(description="gripper")
    command: CommandConfig = param(CommandConfig(), "command interface")
    joint_states: str = param("joint_states", "JointState topic of the driver")
    tcp_site: str = param("tcp", "site of the twin that is the tcp")
