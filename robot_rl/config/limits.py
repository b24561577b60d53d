"""What a robot may do at most: one dataclass a limit. A robot's YAML gives all of them; none has a way to be absent."""

from __future__ import annotations

from dataclasses import dataclass

from robot_rl.config.param import param

SMALL = 1e-3


@dataclass(frozen=True, kw_only=True)
class PlaneConfig:
    """A half space for the tcp: where `normal` . position >= `offset`, in the robot's base frame."""

    normal: tuple[float, float, float] = param(description="direction that points inside; any length but zero")
    offset: float = param(description="distance of the plane from the origin along the unit normal", unit="m")


@dataclass(frozen=True, kw_only=True)
class WorkspaceConfig:
    """Axis-aligned box for the tcp, in the robot's base frame, and planes that cut parts of it away."""

    lower: tuple[float, float, float] = param(description="lower corner", unit="m")
    upper: tuple[float, float, float] = param(description="upper corner", unit="m")
    planes: tuple[PlaneConfig, ...] = param((), "further half spaces, such as a tilted table")


@dataclass(frozen=True, kw_only=True)
class OrientationConfig:
    """A cone: the tcp's `axis` stays within `angle` of `direction`."""

    axis: tuple[float, float, float] = param(description="axis in the tcp's frame")
    direction: tuple[float, float, float] = param(description="where the axis points at the cone's centre, base frame")
    angle: float = param(description="largest angle between them", ge=SMALL, le=3.15, unit="rad")


@dataclass(frozen=True, kw_only=True)
class TcpSpeedConfig:
    """How fast the tcp may go, and how fast what is asked of it may change."""

    linear: float = param(description="tcp speed limit", ge=SMALL, unit="m/s")
    angular: float = param(description="limit of the tcp's angular speed", ge=SMALL, unit="rad/s")
    change: float = param(description="fastest change of a requested tcp velocity", ge=SMALL, unit="m/s^2")


@dataclass(frozen=True, kw_only=True)
class CollisionConfig:
    """Distances that the arm keeps from itself and from the twin's fixed geoms."""

    clearance: float = param(description="smallest distance of two geoms that must not touch", ge=0.0, unit="m")
    detection: float = param(description="distance from which on a pair slows the motion", ge=SMALL, unit="m")
    may_touch: tuple[tuple[str, str], ...] = param(
        description="pairs of geoms or bodies that may touch, not press: finger pads and a table; [] for none"
    )


@dataclass(frozen=True, kw_only=True)
class LimitsConfig:
    """Limits of the motion; every list has one entry a joint."""

    position_lower: tuple[float, ...] = param(description="lower joint positions", unit="rad")
    position_upper: tuple[float, ...] = param(description="upper joint positions", unit="rad")
    position_margin: float = param(description="distance kept from the joint position limits", ge=0.0, unit="rad")
    velocity: tuple[float, ...] = param(description="joint speed limits", ge=SMALL, unit="rad/s")
    acceleration: tuple[float, ...] = param(description="joint acceleration limits", ge=SMALL, unit="rad/s^2")
    jerk: tuple[float, ...] = param(description="joint jerk limits; a stop may break them", ge=SMALL, unit="rad/s^3")
    effort: tuple[float, ...] = param(
        description="measured joint efforts beyond which the robot stops and gives way", ge=SMALL, unit="Nm"
    )
    orientation: OrientationConfig = param(description="cone for the tcp's orientation")
    tcp_speed: TcpSpeedConfig = param(description="tcp speed limits")
    collision: CollisionConfig = param(description="distances kept from the arm itself and from the declared world")
    leash: float = param(
        0.1, "distance of command and measured joint at which the command gives way", ge=0.0, unit="rad"
    )
    tracking_fault: float = param(0.3, "distance of command and measured joint that is a fault", ge=0.0, unit="rad")
