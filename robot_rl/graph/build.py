"""The graphs: which nodes, with which parameters, for which arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from robot_rl.calibration.camera_info import load_intrinsics
from robot_rl.config import devices
from robot_rl.config.loader import load
from robot_rl.config.nodes import PolicyNodeConfig, RigConfig
from robot_rl.config.paths import share_dir
from robot_rl.config.plugins import plugin_names
from robot_rl.config.run_dir import RunDir
from robot_rl.core.errors import UsageError, unknown_name
from robot_rl.core.optional import require
from robot_rl.graph import environment
from robot_rl.graph.arguments import Argument, convert, defaults
from robot_rl.graph.cameras import camera_nodes, camera_remappings, check_cameras
from robot_rl.graph.catalogue import DEMO, EVAL, LEARN, REWARDS
from robot_rl.graph.demonstrations import store_paths
from robot_rl.graph.model import Graph, NodeSpec, OnExit
from robot_rl.graph.settings import ALL, CAMERA, Settings, assign, check, merge, read_settings, resolve
from robot_rl.graph.situations import stream
from robot_rl.robot.spec import load_robot

TASKS = "robot_rl.robot.tasks"
NOBODY = "none"
COUNTDOWN_S = 3.0
PERSON_STEPS = 8
"""How many times the steps of a scripted or learned episode a person's may have."""


@dataclass(frozen=True)
class Request:
    """What a graph was asked for, checked and typed."""

    graph: str
    values: Mapping[str, Any]
    settings: Settings
    run: RunDir
    sim: bool
    lockstep: bool
    pace: float

    def parameters(self, section: str, **fixed: Any) -> dict[str, Any]:
        """All parameters of a node of this graph; `fixed` is what the graph itself decides."""
        rig = {} if section in ("monitor", "view") else {"lockstep": self.lockstep}
        return {**resolve(section, self.settings, {**rig, **fixed}), "use_sim_time": self.lockstep or self.pace != 1.0}


def _robot_side(request: Request, store: str | Path, supervised: bool = False) -> list[NodeSpec]:
    """Robot, perception, reward and safety: the part that all graphs have; `store` is where its steps go.

    Where the policy is `supervised`, teleoperation answers every tick.
    """
    reset, gripper = ("sim/randomize", "position") if request.sim else ("", "")
    safety = {"task_reset_service": reset, "gripper_kind": gripper, "supervised": supervised}
    nodes = [
        _node("safety", 0, request.parameters("safety", **safety)),
        *_reward(request),
        _node("proprio", 3, request.parameters("proprio")),
    ]
    if request.sim:
        situations = stream(request.graph, Path(store))
        nodes.insert(0, _node("sim", 5, request.parameters("sim", pace=request.pace, stream=situations)))
    return nodes


def _reward(request: Request) -> list[NodeSpec]:
    """The reward node, where the user has none of their own; UsageError where its classifier is not there."""
    parameters = request.parameters("reward")
    source = parameters["source"]
    if source == "simulator" and not request.sim:
        raise UsageError("reward:=simulator needs sim:=true: give human, topic or the file of a classifier.")
    if source not in REWARDS and not Path(source).is_file():
        raise UsageError(f"no reward classifier at '{source}': train one with 'robot-rl reward train', or correct it.")
    return [] if source == "topic" else [_node("reward", 2, parameters)]


def _learn(request: Request) -> list[NodeSpec]:
    own = [str(request.run.demos)] if request.run.demos.is_dir() else []
    demos = store_paths(request.values["demos"], request.run) if "demos" in request.values else own
    learner = request.parameters("learner", run_dir=str(request.run.path), demos=demos)
    ends: OnExit = "shutdown" if request.values["episodes"] else "restart"
    supervisor = _supervisor(request)
    return [
        *_robot_side(request, request.run.replay, supervised=bool(supervisor)),
        _policy(request, ends, act="sample", weights=""),
        *supervisor,
        _node("learner", 4, learner, on_exit="shutdown", stop_timeout_s=30.0, environment={}),
        _monitor(request, budget_s=learner["learner"]["budget_s"]),
    ]


def _supervisor(request: Request) -> list[NodeSpec]:
    """The node of who watches the policy, if anybody does; UsageError for a script without a simulator."""
    who = request.values["supervisor"]
    if who == devices.SCRIPTED and not request.sim:
        raise UsageError("argument supervisor:=scripted needs sim:=true: it goes by the simulator's state.")
    return [] if who == NOBODY else _teleop(request, who, "intervene")


def _demo(request: Request) -> list[NodeSpec]:
    store = _store(request, request.run.demos)
    return [
        *_robot_side(request, store),
        _policy(request, "shutdown", act="teleop", weights="", discard_failures=True),
        *_teleop(request, device_of(request.settings), "demonstrate"),
        _node("recorder", 4, request.parameters("recorder", store=store), stop_timeout_s=15.0),
        _monitor(request, discard_failures=True),
    ]


def _teleop(request: Request, device: str, role: str) -> list[NodeSpec]:
    """Whoever demonstrates or intervenes; no node where the person starts their own."""
    if device == devices.EXTERNAL:
        return []
    keys = device != devices.SCRIPTED and devices.load_device(device).driver == "keyboard"
    return [_node("teleop", 1, request.parameters("teleop", device=device, role=role), keys=keys)]


def _eval(request: Request) -> list[NodeSpec]:
    store = _store(request, request.run.eval_store)
    return [
        *_robot_side(request, store),
        _policy(request, "shutdown", act="mean", weights=_weights(request)),
        _node("recorder", 4, request.parameters("recorder", store=store), stop_timeout_s=15.0),
        _monitor(request),
    ]


@dataclass(frozen=True)
class Recipe:
    """A kind of graph: its arguments and how its nodes follow from them."""

    description: str
    arguments: tuple[Argument, ...]
    compose: Callable[[Request], list[NodeSpec]]


GRAPHS: dict[str, Recipe] = {
    "learn": Recipe("learn a task: policy explores, learner updates it", LEARN, _learn),
    "demo": Recipe("record demonstrations into a replay store", DEMO, _demo),
    "eval": Recipe("evaluate frozen weights and record the episodes", EVAL, _eval),
}


def build(name: str, given: Mapping[str, str], settings: Settings | None = None) -> Graph:
    """Resolve graph `name` for the arguments `given` (text, as on the command line).

    Parameters come from, later ones winning: the dataclasses of config/, the arguments' defaults,
    config/tasks/<task>.yaml, `settings` (those a run was made with, for example), the file of `config:=`, the given
    arguments, and what the graph itself fixes. Reads configuration files, writes nothing. Raises UsageError for
    anything unknown, mistyped or out of range.
    """
    request = _request(name, given, settings or {})
    nodes = [*GRAPHS[name].compose(request), *_view(request)]
    if not request.sim:
        remappings = camera_remappings(request.settings)
        nodes = [replace(node, remappings=(*node.remappings, *remappings)) for node in nodes]
        nodes += [_camera(request, camera) for camera in camera_nodes(request.settings)]
    return Graph(
        name=name,
        nodes=tuple(nodes),
        arguments=request.values,
        defaults=environment.defaults(),
        environment=environment.overrides(request.values.get("domain")),
        namespace=request.values.get("namespace", ""),
    )


def _request(name: str, given: Mapping[str, str], settings: Settings) -> Request:
    if name not in GRAPHS:
        raise unknown_name("graph", name, GRAPHS)
    arguments = GRAPHS[name].arguments
    asked, assumed = convert(arguments, given, name), defaults(arguments)
    values = {**assumed, **asked}
    if values["task"] not in plugin_names(TASKS):
        raise unknown_name("task", values["task"], plugin_names(TASKS))
    values.setdefault("run", values["task"])
    task = _task_settings(values["task"])
    source = assign(["reward.source"], "simulator" if values["sim"] else "human")
    layers = [_assigned(arguments, assumed), source, task, settings]
    if "config" in values:
        layers.append(read_settings(values["config"]))
    layers.append(_assigned(arguments, asked))
    device = device_of(merge(layers)) if name == "demo" else values.get("supervisor", NOBODY)
    hand = device not in (devices.SCRIPTED, NOBODY)
    if hand and name == "demo":
        layers.insert(3, guidance(task))
    merged: Settings = merge(layers)
    load_robot(merged[ALL]["robot"])
    sim = values["sim"]
    check_cameras(merged, sim)
    if sim:
        _check_calibration(merged)
    pace = values.setdefault("pace", "lockstep" if sim and not hand else 1.0)
    if not sim and pace != 1.0:
        raise UsageError(f"argument pace:={pace} needs sim:=true: a robot runs in real time, leave pace out.")
    lockstep = pace == "lockstep"
    if hand and lockstep and (name != "demo" or device != devices.EXTERNAL):
        argument = "device" if name == "demo" else "supervisor"
        raise UsageError(f"{argument}:={device} cannot keep up with pace:=lockstep: leave pace out.")
    return Request(name, values, merged, RunDir.named(values["run"]), sim, lockstep, 1.0 if lockstep else float(pace))


def device_of(settings: Settings) -> str:
    """The device that demonstrates; UsageError where there is none of that name."""
    device: str = settings.get("teleop", {}).get("device", devices.SCRIPTED)
    if device not in (devices.SCRIPTED, devices.EXTERNAL):
        devices.load_device(device)
    return device


def _check_calibration(settings: Settings) -> None:
    """Raise UsageError now, rather than in a node later, if a camera's calibration file is missing or does not fit."""
    folder = settings.get("sim", {}).get("calibration", "")
    if folder:
        rig = load(RigConfig, settings[ALL])
        for camera in rig.cameras:
            load_intrinsics(folder, camera, rig.image_size, rig.image_size)


def _assigned(arguments: tuple[Argument, ...], values: Mapping[str, Any]) -> Settings:
    layers = []
    for argument in arguments:
        if argument.name in values and argument.targets:
            layer = assign(argument.targets, values[argument.name])
            check(layer, f"argument {argument.name}:={values[argument.name]}")
            layers.append(layer)
    return merge(layers)


def _task_settings(task: str) -> Settings:
    path = share_dir() / "config" / "tasks" / f"{task}.yaml"
    return read_settings(path) if path.is_file() else {}


def guidance(task: Settings) -> Settings:
    """What fits a person who demonstrates: a countdown, time enough, and a word on each episode."""
    steps = task.get("policy", {}).get("episode_steps", PolicyNodeConfig.episode_steps)
    return {"policy": {"review": True, "countdown_s": COUNTDOWN_S, "episode_steps": PERSON_STEPS * steps}}


def _weights(request: Request) -> str:
    path = Path(request.values.get("checkpoint", request.run.weights)).absolute()
    if not path.is_file():
        raise UsageError(f"no weights at '{path}': train the run first, or give checkpoint:=FILE.")
    return str(path)


def _store(request: Request, default: Path) -> str:
    return str(Path(request.values.get("out", default)).absolute())


def _node(name: str, stop_order: int, parameters: Mapping[str, Any], executable: str = "", **policies: Any) -> NodeSpec:
    policies.setdefault("environment", environment.ONE_THREAD)
    return NodeSpec(name=name, executable=executable or name, parameters=parameters, stop_order=stop_order, **policies)


def _policy(request: Request, on_exit: OnExit, **fixed: Any) -> NodeSpec:
    """The policy node; the stop has patience for as long as it may stay for its last steps."""
    parameters = request.parameters("policy", **fixed)
    return _node("policy", 1, parameters, on_exit=on_exit, stop_timeout_s=parameters["linger_s"] + 2.0)


def _camera(request: Request, camera: str) -> NodeSpec:
    section = CAMERA + camera
    return _node(section, 5, request.parameters(section, camera=camera), "camera")


def _view(request: Request) -> list[NodeSpec]:
    if not request.values["view"]:
        return []
    require("foxglove", "argument view:=true", "foxglove-sdk", "viewer.txt")
    return [_node("view", 6, request.parameters("view"), on_exit="ignore")]


def _monitor(request: Request, **fixed: Any) -> NodeSpec:
    parameters = request.parameters("monitor", title=f"{request.graph} {request.values['task']}", **fixed)
    return _node("monitor", 6, parameters, on_exit="ignore", console=True)
