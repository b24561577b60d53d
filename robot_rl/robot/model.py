"""MuJoCo models of a robot: the full one that is simulated, and the reduced one that safety and IK compute with."""

from __future__ import annotations

from pathlib import Path

import mujoco

from robot_rl.config.robot import RobotConfig
from robot_rl.core.errors import UsageError, unknown_name

BUILTIN = {"fr3": Path(__file__).with_name("fr3.xml")}


def robot_spec(robot: RobotConfig) -> mujoco.MjSpec:
    """Editable model of `robot` and its surroundings (base frame = world frame); UsageError if it cannot be read."""
    path = BUILTIN.get(robot.model, Path(robot.model))
    if not path.is_file():
        raise UsageError(
            f"robot '{robot.name}' has model '{robot.model}', which is no file: "
            f"give the path of an MJCF or URDF, or one of {', '.join(BUILTIN)}."
        )
    try:
        spec = mujoco.MjSpec.from_file(str(path))
    except ValueError as error:
        raise UsageError(f"MuJoCo cannot read '{path}' ({error}): mend the model.") from None
    _check_names(robot, spec)
    return spec


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
    model = spec.compile()
    order = tuple(model.joint(index).name for index in range(model.njnt))
    if order != robot.joints:
        raise UsageError(
            f"robot '{robot.name}' lists joints {list(robot.joints)}, its model has them in the order {list(order)}: "
            "list them in the model's order."
        )
    return model


def _check_names(robot: RobotConfig, spec: mujoco.MjSpec) -> None:
    joints = [joint.name for joint in spec.joints]
    for name in robot.joints:
        if name not in joints:
            raise unknown_name("joint", name, joints, f"robot '{robot.name}'")
    sites = [site.name for site in spec.sites]
    if robot.tcp_site not in sites:
        raise unknown_name("site", robot.tcp_site, sites, f"robot '{robot.name}', key tcp_site")
