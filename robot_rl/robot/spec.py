"""Robot descriptions by name, and the step layout that follows from a rig and its robot."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from robot_rl.config.loader import load, overlay, read_yaml
from robot_rl.config.nodes import RigConfig
from robot_rl.config.paths import share_dir
from robot_rl.config.robot import VELOCITY_KINDS, RobotConfig
from robot_rl.core.errors import UsageError, unknown_name
from robot_rl.core.record import StepSpec
from robot_rl.core.spec import ObservationSpec
from robot_rl.robot.action_map import ActionMap
from robot_rl.robot.model import BUILTIN
from robot_rl.robot.proprio import check_proprio, proprio_names
from robot_rl.robot.tasks import load_task


def load_robot(name_or_path: str) -> RobotConfig:
    """Robot `name` of config/robots, or the robot in a YAML file; UsageError names what is wrong with it.

    A file with the key `base`, the name or path of another robot, gives only what it has otherwise. Relative paths
    inside a robot's file (`base`, `model`, `packages`) are meant from that file's directory.
    """
    path = _path(name_or_path)
    robot = load(RobotConfig, _read(path), f"'{path}'")
    _check_sizes(robot, path)
    _check_ranges(robot, path)
    _check_command(robot, path)
    check_proprio(robot, f"'{path}'")
    return robot


def _path(name_or_path: str) -> Path:
    path = Path(name_or_path)
    if path.suffix not in (".yaml", ".yml"):
        shipped = {file.stem: file for file in (share_dir() / "config" / "robots").glob("*.yaml")}
        if name_or_path not in shipped:
            raise unknown_name("robot", name_or_path, shipped)
        path = shipped[name_or_path]
    return path


def _read(path: Path, above: tuple[Path, ...] = ()) -> dict[str, Any]:
    """The mapping in a robot's file over that of its base, paths written out; `above` are the files it is base of."""
    if path.resolve() in above:
        raise UsageError(f"'{path}' is its own base, over {len(above)} files: take one of their keys base out.")
    data = read_yaml(path)
    if isinstance(data.get("model"), str) and data["model"] not in BUILTIN:
        data["model"] = _from(path, data["model"])
    if isinstance(data.get("packages"), list):
        data["packages"] = [_from(path, folder) if isinstance(folder, str) else folder for folder in data["packages"]]
    if "base" not in data:
        return data
    base = str(data.pop("base"))
    below = _path(base if Path(base).suffix not in (".yaml", ".yml") else _from(path, base))
    return overlay(_read(below, (*above, path.resolve())), data)


def _from(path: Path, name: str) -> str:
    """`name` with ~ and $VARIABLES written out, and meant from the folder of the robot's file `path`."""
    return str(path.parent / os.path.expandvars(Path(name).expanduser()))


def step_spec(rig: RigConfig, robot: RobotConfig) -> StepSpec:
    """Layout of a step of this rig: its cameras and image size, the robot's proprioception and action."""
    names = (*proprio_names(robot), *sim_state_names(rig))
    observation = ObservationSpec(rig.cameras, rig.image_size, rig.image_size, names)
    return StepSpec(observation, ActionMap(robot).spec)


def sim_state_names(rig: RigConfig) -> tuple[str, ...]:
    """Names of the task's privileged state in the proprioception of a rig with `sim_state`, else none."""
    return tuple(f"sim_{name}" for name in load_task(rig.task).state_names) if rig.sim_state else ()


def _check_sizes(robot: RobotConfig, path: Path) -> None:
    limits = robot.limits
    lists = {
        "home": robot.home,
        "limits: position_lower": limits.position_lower,
        "limits: position_upper": limits.position_upper,
        "limits: velocity": limits.velocity,
        "limits: acceleration": limits.acceleration,
        "limits: jerk": limits.jerk,
        "limits: effort": limits.effort,
        **{f"reset: via[{index}]": via for index, via in enumerate(robot.reset.via)},
    }
    for key, values in lists.items():
        if len(values) != len(robot.joints):
            raise UsageError(
                f"'{path}': {key} has {len(values)} entries for {len(robot.joints)} joints: give one a joint."
            )


def _check_ranges(robot: RobotConfig, path: Path) -> None:
    limits, space = robot.limits, robot.workspace
    margin = limits.position_margin
    lower, upper = limits.position_lower, limits.position_upper
    for key, stop in (("home", robot.home), *((f"reset: via[{i}]", via) for i, via in enumerate(robot.reset.via))):
        for joint, low, at, high in zip(robot.joints, lower, stop, upper, strict=True):
            if not low + margin <= at <= high - margin:
                raise UsageError(
                    f"'{path}': {key} of joint '{joint}' is {at:g}, outside [{low:g}, {high:g}] less its margin "
                    f"{margin:g}: correct it or the limits."
                )
    for axis, low, high in zip("xyz", space.lower, space.upper, strict=True):
        if low >= high:
            raise UsageError(f"'{path}': workspace is empty in {axis} ([{low:g}, {high:g}]): swap the corners.")


def _check_command(robot: RobotConfig, path: Path) -> None:
    command = robot.command
    if command.joint_names and sorted(command.joint_names) != sorted(robot.joints):
        raise UsageError(
            f"'{path}': command: joint_names is {list(command.joint_names)}, not the robot's joints in another order: "
            "name each joint once, or leave it out."
        )
    if command.kind.startswith("cartesian") and not command.frame_id:
        raise UsageError(f"'{path}': command: kind {command.kind} needs frame_id: give the robot's base link.")
    if command.on_timeout == "zero" and command.kind not in VELOCITY_KINDS:
        raise UsageError(f"'{path}': command: on_timeout zero would send {command.kind} to zero: use hold or stop.")
    if command.on_timeout == "hold" and command.kind in VELOCITY_KINDS:
        raise UsageError(f"'{path}': command: on_timeout hold is nothing for {command.kind}: use zero or stop.")
    if robot.gripper.open == robot.gripper.closed:
        raise UsageError(f"'{path}': gripper: open and closed are both {robot.gripper.open:g}: give both positions.")
