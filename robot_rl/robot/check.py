"""Is a robot's file fit for its robot? Findings a person reads before anything moves."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import mujoco
import numpy as np

from robot_rl.config.robot import RobotConfig
from robot_rl.core.errors import RobotRLError
from robot_rl.core.geometry import Pose, rotation_angle
from robot_rl.robot.ik import DifferentialIK
from robot_rl.robot.model import robot_spec
from robot_rl.robot.spec import load_robot
from robot_rl.robot.twin import KinematicTwin

STEPS = 50
"""Ticks of the way from home that is tried in each direction."""
OFF = 0.01
"""Distance [m] from the way at which the arm does not follow it."""


@dataclass(frozen=True)
class Finding:
    """One sentence on one thing; `ok` is false where the robot must not run like this."""

    ok: bool
    sentence: str


def check_robot(name_or_path: str) -> list[Finding]:
    """Findings on a robot's file, model included; never raises for what is wrong with them."""
    findings = []
    try:
        robot = load_robot(name_or_path)
        findings.append(Finding(True, f"the file is complete; home is inside the joint limits ({robot.name})"))
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            twin = KinematicTwin(robot)
        findings.append(Finding(True, f"the model has the {len(robot.joints)} joints in this order, and the tcp"))
        findings += [Finding(True, f"mind: {warning.message}") for warning in warned]
    except RobotRLError as error:
        return [*findings, Finding(False, str(error))]
    return [*findings, *_home(robot, twin), _ranges(robot, twin), _gripper(robot), *_ways(robot, twin)]


def _home(robot: RobotConfig, twin: KinematicTwin) -> Iterator[Finding]:
    space = robot.workspace
    tcp = twin.tcp_pose(np.array(robot.home)).position
    inside = bool((tcp >= space.lower).all() and (tcp <= space.upper).all())
    where = f"the tcp at home is at {np.round(tcp, 3).tolist()}"
    box = f"the workspace {list(space.lower)} to {list(space.upper)}"
    yield Finding(inside, f"{where}, inside {box}" if inside else f"{where}, outside {box}: move home or the workspace")
    mujoco.mj_forward(twin.model, twin.data)
    pairs = sorted({_pair(twin.model, contact.geom) for contact in twin.data.contact})
    touching = (
        f"at home the twin touches itself or its world ({'; '.join(pairs)}): move home, or mend the model's geoms"
    )
    yield Finding(not pairs, touching if pairs else "nothing touches anything at home")


def _pair(model: mujoco.MjModel, geoms: np.ndarray) -> str:
    names = (model.geom(geom).name or model.body(model.geom_bodyid[geom]).name for geom in geoms)
    return " and ".join(sorted(names))


def _ranges(robot: RobotConfig, twin: KinematicTwin) -> Finding:
    limits, given = robot.limits, twin.model.jnt_limited.astype(bool)
    low, high = twin.model.jnt_range[:, 0] - 1e-3, twin.model.jnt_range[:, 1] + 1e-3
    beyond = given & ((np.array(limits.position_lower) < low) | (np.array(limits.position_upper) > high))
    names = ", ".join(joint for joint, out in zip(robot.joints, beyond, strict=True) if out)
    if names:
        return Finding(False, f"the position limits of {names} go beyond the model's own: give the narrower ones")
    return Finding(True, "the position limits lie within the model's own")


def _gripper(robot: RobotConfig) -> Finding:
    joint = robot.gripper.joint
    known = [other.name for other in robot_spec(robot).joints]
    seen = "the model has the gripper joint" if joint in known else "mind: the model lacks the gripper joint"
    return Finding(True, f"{seen} '{joint}', which joint_states must report")


def _ways(robot: RobotConfig, twin: KinematicTwin) -> Iterator[Finding]:
    """Whether the inverse kinematics follows full actions from home along each axis: three steps in STEPS ticks."""
    if not robot.action.mode.startswith("cartesian"):
        return
    home = np.array(robot.home)
    start, dt = twin.tcp_pose(home), 1.0 / robot.command.rate_hz
    stuck = []
    for axis, sign in ((axis, sign) for axis in range(3) for sign in (-1.0, 1.0)):
        goal = start.position.copy()
        goal[axis] += sign * robot.action.translation * 3
        if (goal >= robot.workspace.lower).all() and (goal <= robot.workspace.upper).all():
            end = _follow(robot, twin, start, goal, dt)
            if np.linalg.norm(end.position - goal) > OFF:
                stuck.append(f"{'+' if sign > 0 else '-'}{'xyz'[axis]}")
            elif all(robot.action.orientation_cost) and rotation_angle(end.quaternion, start.quaternion) > 0.05:
                stuck.append(f"{'+' if sign > 0 else '-'}{'xyz'[axis]} without turning")
    if stuck:
        remedy = "move home, lower action: translation or, for fewer than six joints, action: orientation_cost"
        yield Finding(False, f"from home the tcp cannot go {', '.join(stuck)} at full actions: {remedy}")
    else:
        yield Finding(True, "from home the tcp goes along every axis at full actions")


def _follow(robot: RobotConfig, twin: KinematicTwin, start: Pose, goal: np.ndarray, dt: float) -> Pose:
    """Tcp pose that the inverse kinematics reaches on the straight way to `goal` (3,), and a moment after."""
    ik, q = DifferentialIK(twin), np.array(robot.home)
    for tick in range(1, 2 * STEPS + 1):
        at = start.position + (goal - start.position) * min(1.0, tick / STEPS)
        try:
            q = q + ik.solve(q, Pose(at, start.quaternion), dt) * dt
        except RobotRLError:
            break
    return twin.tcp_pose(q)
