"""MuJoCo models of a robot: the full one that is simulated, and the reduced one that safety and IK compute with."""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np

from robot_rl.config.robot import RobotConfig
from robot_rl.core.errors import UsageError, unknown_name
from robot_rl.robot.urdf import urdf_for_mujoco

BUILTIN = {name: Path(__file__).with_name(f"{name}.xml") for name in ("fr3", "ur5e")}


def robot_spec(robot: RobotConfig) -> mujoco.MjSpec:
    """Editable model of `robot` and its surroundings (base frame = world frame); UsageError if it cannot be read."""
    path = BUILTIN.get(robot.model, Path(robot.model))
    if not path.is_file():
        raise UsageError(
            f"robot '{robot.name}' has model '{robot.model}', which is no file: "
            f"give the path of an MJCF or URDF, or one of {', '.join(BUILTIN)}."
        )
    try:
        spec = _read(path, robot)
    except ValueError as error:
        raise UsageError(f"MuJoCo cannot read '{path}' ({error}): mend the model.") from None
    if robot.tcp_link:
        _add_tcp(robot, spec)
    _check_names(robot, spec)
    return spec


def _read(path: Path, robot: RobotConfig) -> mujoco.MjSpec:
    if path.suffix.lower() == ".urdf":
        return mujoco.MjSpec.from_string(urdf_for_mujoco(path, robot.packages))
    return mujoco.MjSpec.from_file(str(path))


def _add_tcp(robot: RobotConfig, spec: mujoco.MjSpec) -> None:
    links = [body.name for body in spec.bodies]
    if robot.tcp_link not in links:
        raise unknown_name("link", robot.tcp_link, links, f"robot '{robot.name}', key tcp_link")
    if any(site.name == robot.tcp_site for site in spec.sites):
        raise UsageError(
            f"robot '{robot.name}' adds the site '{robot.tcp_site}' to '{robot.tcp_link}', but its model has one: "
            "take tcp_link out, or give tcp_site another name."
        )
    quaternion = np.empty(4)
    mujoco.mju_euler2Quat(quaternion, np.array(robot.tcp_offset[3:]), "XYZ")
    spec.body(robot.tcp_link).add_site(name=robot.tcp_site, pos=robot.tcp_offset[:3], quat=quaternion)


def twin_model(robot: RobotConfig) -> mujoco.MjModel:
    """Model whose only degrees of freedom are `robot.joints`, in that order (nq = nv = number of joints).

    Every other joint (the fingers) is frozen where the model draws it, at its zero; what refers to frozen joints
    (actuators, tendons, equalities, keyframes) goes with them. Geoms that collide with anything also see each other,
    so that self collision can be checked.
    """
    spec = robot_spec(robot)
    for group in (spec.actuators, spec.equalities, spec.tendons, spec.keys, spec.sensors, spec.excludes):
        for element in list(group):
            spec.delete(element)
    for joint in list(spec.joints):
        if joint.name not in robot.joints:
            spec.delete(joint)
    for geom in spec.geoms:
        if geom.contype or geom.conaffinity:
            geom.contype = geom.conaffinity = 1
    model = _compiled(robot, spec)
    order = tuple(model.joint(index).name for index in range(model.njnt))
    if order != robot.joints:
        raise UsageError(
            f"robot '{robot.name}' lists joints {list(robot.joints)}, its model has them in the order {list(order)}: "
            "list them in the model's order."
        )
    return model


def _compiled(robot: RobotConfig, spec: mujoco.MjSpec) -> mujoco.MjModel:
    try:
        return spec.compile()
    except ValueError as error:
        raise UsageError(f"MuJoCo cannot compile the model of robot '{robot.name}' ({error}): mend it.") from None


def _check_names(robot: RobotConfig, spec: mujoco.MjSpec) -> None:
    joints = [joint.name for joint in spec.joints]
    for name in robot.joints:
        if name not in joints:
            raise unknown_name("joint", name, joints, f"robot '{robot.name}'")
    sites = [site.name for site in spec.sites]
    if robot.tcp_site not in sites:
        raise unknown_name("site", robot.tcp_site, sites, f"robot '{robot.name}', key tcp_site")
