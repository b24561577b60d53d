"""The graphs: which nodes, with which parameters, for which arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from robot_rl.calibration.camera_info import load_intrinsics
from robot_rl.config.loader import load
from robot_rl.config.nodes import RigConfig
from robot_rl.config.paths import share_dir
from robot_rl.config.plugins import plugin_names
from robot_rl.config.run_dir import RunDir
from robot_rl.core.errors import UsageError, unknown_name
from robot_rl.graph import environment
from robot_rl.graph.arguments import Argument, convert, defaults
from robot_rl.graph.catalogue import DEMO, EVAL, LEARN, REWARDS
from robot_rl.graph.model import Graph, NodeSpec, OnExit
from robot_rl.graph.settings import ALL, Settings, assign, check, merge, read_settings, resolve
from robot_rl.graph.situations import stream
from robot_rl.robot.spec import load_robot

TASKS = "robot_rl.robot.tasks"


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
        rig = {} if section == "monitor" else {"lockstep": self.lockstep}
        return {**resolve(section, self.settings, {**rig, **fixed}), "use_sim_time": self.lockstep or self.pace != 1.0}


def _robot_side(request: Request, store: str | Path) -> list[NodeSpec]:
    """Robot, perception, reward and safety: the part that all graphs have; `store` is where its steps go."""
    reset, gripper = ("sim/randomize", "position") if request.sim else ("", "")
    nodes = [
        _node("safety", 0, request.parameters("safety", task_reset_service=reset, gripper_kind=gripper)),
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
    demos = request.values.get("demos", own)
    learner = request.parameters("learner", run_dir=str(request.run.path), demos=_stores(demos))
    ends: OnExit = "shutdown" if request.values["episodes"] else "restart"
    return [
        *_robot_side(request, request.run.replay),
        _policy(request, ends, act="sample", weights=""),
        _node("learner", 4, learner, on_exit="shutdown", stop_timeout_s=30.0, environment={}),
        _monitor(request, budget_s=learner["learner"]["budget_s"]),
    ]


def _demo(request: Request) -> list[NodeSpec]:
    store = _store(request, request.run.demos)
    return [
        *_robot_side(request, store),
        _policy(request, "shutdown", act="teleop", weights="", discard_failures=True),
        _node("teleop", 1, request.parameters("teleop")),
        _node("recorder", 4, request.parameters("recorder", store=store), stop_timeout_s=15.0),
        _monitor(request),
    ]


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
    nodes = GRAPHS[name].compose(request)
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
    layers = [_assigned(arguments, assumed), _task_settings(values["task"]), settings]
    layers.insert(1, assign(["reward.source"], "simulator" if values["sim"] else "human"))
    if "config" in values:
        layers.append(read_settings(values["config"]))
    layers.append(_assigned(arguments, asked))
    merged: Settings = merge(layers)
    load_robot(merged[ALL]["robot"])
    _check_calibration(merged)
    sim = values["sim"]
    pace = values.setdefault("pace", "lockstep" if sim else 1.0)
    if not sim and pace != 1.0:
        raise UsageError(f"argument pace:={pace} needs sim:=true: a robot runs in real time, leave pace out.")
    lockstep = pace == "lockstep"
    return Request(name, values, merged, RunDir.named(values["run"]), sim, lockstep, 1.0 if lockstep else float(pace))


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


def _stores(paths: list[str]) -> list[str]:
    for path in paths:
        if not Path(path).is_dir():
            raise UsageError(f"argument demos:={path} is no directory: give the path of a replay store.")
    return [str(Path(path).absolute()) for path in paths]


def _weights(request: Request) -> str:
    path = Path(request.values.get("checkpoint", request.run.weights)).absolute()
    if not path.is_file():
        raise UsageError(f"no weights at '{path}': train the run first, or give checkpoint:=FILE.")
    return str(path)


def _store(request: Request, default: Path) -> str:
    return str(Path(request.values.get("out", default)).absolute())


def _node(name: str, stop_order: int, parameters: Mapping[str, Any], **policies: Any) -> NodeSpec:
    policies.setdefault("environment", environment.ONE_THREAD)
    return NodeSpec(name=name, executable=name, parameters=parameters, stop_order=stop_order, **policies)


def _policy(request: Request, on_exit: OnExit, **fixed: Any) -> NodeSpec:
    """The policy node; the stop has patience for as long as it may stay for its last steps."""
    parameters = request.parameters("policy", **fixed)
    return _node("policy", 1, parameters, on_exit=on_exit, stop_timeout_s=parameters["linger_s"] + 2.0)


def _monitor(request: Request, **fixed: Any) -> NodeSpec:
    parameters = request.parameters("monitor", title=f"{request.graph} {request.values['task']}", **fixed)
    return _node("monitor", 6, parameters, on_exit="ignore", console=True)
