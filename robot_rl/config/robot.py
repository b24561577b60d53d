"""A robot: model, joints, limits, workspace, action scale and the driver's topics. One YAML file a robot."""

from __future__ import annotations

from dataclasses import dataclass

from robot_rl.config.limits import LimitsConfig, WorkspaceConfig
from robot_rl.config.param import param
from robot_rl.config.proprio import ProprioConfig

MODES = ("cartesian_delta", "cartesian_pose", "joint_delta", "joint_position")
KINDS = ("joint_position", "joint_trajectory", "joint_velocity", "joint_state", "cartesian_pose", "cartesian_twist")
VELOCITY_KINDS = ("joint_velocity", "cartesian_twist")
"""Kinds that come to rest by zeros; the others by repeating a position."""
AT_REST = ("", "hold", "zero", "stop")
TRANSLATION = "largest tcp displacement per step and axis: a full action of cartesian_delta"
JOINT = "largest displacement of a joint per step: a full action of joint_delta"
ROTATION = "full action of rx, ry, rz: a turn per step (cartesian_delta) or from home (cartesian_pose); 0 for none"
VIA = "joint positions on the way home, in order, for where the direct way is not clear; [] for none"
ROTATION_AXES = "base axes that rotation turns about: all three, or z alone (yaw) while the tcp stays level"
ORIENTATION_COST = "weight of the tcp's orientation about its own x, y and z against its position; 0 leaves it free"


@dataclass(frozen=True, kw_only=True)
class ActionConfig:
    """What an action in [-1, 1] means: its mode, the scale of a full action, and the gripper."""

    mode: str = param("cartesian_delta", "what an action asks for", choices=MODES)
    translation: float = param(0.02, TRANSLATION, ge=0.001, le=0.2, unit="m")
    rotation: float = param(0.0, ROTATION, ge=0.0, le=1.5, unit="rad")
    rotation_axes: str = param("xyz", ROTATION_AXES, choices=("xyz", "z"))
    joint: float = param(0.05, JOINT, ge=0.001, le=1.0, unit="rad")
    orientation_cost: tuple[float, float, float] = param((1.0, 1.0, 1.0), ORIENTATION_COST, ge=0.0)
    gripper: bool = param(True, "whether the last action dimension moves the gripper (-1 closed, +1 open)")


@dataclass(frozen=True, kw_only=True)
class GripperConfig:
    """A gripper commanded by the position of one joint."""

    joint: str = param(description="its joint in joint_states")
    kind: str = param("position", "what its driver takes", choices=("position", "action"))
    topic: str = param("gripper_controller/commands", "Float64MultiArray of one position, or a GripperCommand action")
    open: float = param(description="joint position when open", unit="m or rad")
    closed: float = param(description="joint position when closed", unit="m or rad")
    speed: float = param(0.1, "fastest motion of the joint, for the simulator", ge=0.001, unit="m/s or rad/s")
    effort: float = param(20.0, "largest force of a GripperCommand", ge=0.0, unit="N")


@dataclass(frozen=True, kw_only=True)
class CommandConfig:
    """The driver's command interface."""

    kind: str = param("joint_position", "what the driver takes", choices=KINDS)
    topic: str = param("forward_position_controller/commands", "topic of the driver")
    rate_hz: float = param(100.0, "rate of commands", ge=1.0, le=1000.0, unit="Hz")
    joint_names: tuple[str, ...] = param((), "the joints in the driver's order, where that is not the robot's")
    frame_id: str = param("", "frame of Cartesian commands: the robot's base link")
    on_timeout: str = param(
        "", "what is sent at rest; '' for what suits the kind", choices=("", "hold", "zero", "stop")
    )


@dataclass(frozen=True, kw_only=True)
class ResetConfig:
    """How the arm comes home."""

    via: tuple[tuple[float, ...], ...] = param((), VIA, unit="rad")


@dataclass(frozen=True, kw_only=True)
class RobotConfig:
    """Everything the stack needs to know of a robot."""

    name: str = param(description="name of the robot")
    model: str = param(description="kinematic twin: 'fr3' or 'ur5e' for a built-in one, else an MJCF or URDF file")
    packages: tuple[str, ...] = param((), "folders to look for package:// of a URDF in, before AMENT_PREFIX_PATH")
    joints: tuple[str, ...] = param(description="joint names, in command order")
    home: tuple[float, ...] = param(description="joint positions that a reset ends in", unit="rad")
    limits: LimitsConfig = param(description="limits of the motion")
    workspace: WorkspaceConfig = param(description="box for the tcp")
    action: ActionConfig = param(description="meaning of an action")
    gripper: GripperConfig = param(description="gripper")
    command: CommandConfig = param(CommandConfig(), "command interface")
    reset: ResetConfig = param(ResetConfig(), "the way home")
    proprio: ProprioConfig = param(ProprioConfig(), "the proprioception vector")
    joint_states: str = param("joint_states", "JointState topic of the driver")
    tcp_site: str = param("tcp", "site of the twin that is the tcp")
    tcp_link: str = param("", "link to which that site is added, where the model has none; '' where it has")
    tcp_offset: tuple[float, float, float, float, float, float] = param(
        (0.0,) * 6, "pose of an added site in that link: x, y, z [m], roll, pitch, yaw [rad]"
    )
