"""What the policy is told of the robot beside its images: the parts of the proprioception vector."""

from __future__ import annotations

from dataclasses import dataclass

from robot_rl.config.param import param

PARTS = (
    "joint_positions",
    "joint_velocities",
    "tcp_position",
    "tcp_orientation",
    "tcp_velocity",
    "tcp_angular_velocity",
    "gripper",
    "wrench",
)
DEFAULT_PARTS = ("joint_positions", "joint_velocities", "tcp_position", "gripper")
NORMALISE = "none: SI units; limits: -1 to 1 over the robot's limits and workspace, which the names tell by '_norm'"
CUTOFF = "low-pass for velocities that are made from positions, where the driver gives none"
WRENCH_SCALE = "force [N] and torque [Nm] that are 1 where normalise is limits"


@dataclass(frozen=True, kw_only=True)
class ProprioConfig:
    """Parts of the vector, in order, their normalisation, and where the wrench comes from."""

    parts: tuple[str, ...] = param(DEFAULT_PARTS, f"parts of the vector, of {', '.join(PARTS)}")
    normalise: str = param("none", NORMALISE, choices=("none", "limits"))
    velocity_cutoff_hz: float = param(10.0, CUTOFF, ge=0.1, le=500.0, unit="Hz")
    gripper_max_age_s: float = param(0.5, "age up to which a gripper told apart from the arm counts", ge=0.01, unit="s")
    wrench_topic: str = param("", "WrenchStamped topic, for the part wrench")
    wrench_max_age_s: float = param(0.1, "age of the wrench at which there is no vector", ge=0.001, unit="s")
    wrench_scale: tuple[float, float] = param((50.0, 5.0), WRENCH_SCALE, ge=1e-3)
