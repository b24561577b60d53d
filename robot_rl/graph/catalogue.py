"""The arguments of the graphs, declared once."""

from __future__ import annotations

from pathlib import Path

from robot_rl.graph.arguments import Argument, boolean, names


def pace(text: str) -> str | float:
    """'lockstep', or a positive multiple of real time."""
    if text == "lockstep":
        return text
    number = float(text)
    if not 0.05 <= number <= 100.0:
        raise ValueError("outside 0.05 to 100")
    return number


def domain(text: str) -> int:
    """A ROS domain, 0 to 232."""
    number = int(text)
    if not 0 <= number <= 232:
        raise ValueError("outside 0 to 232")
    return number


def reward(text: str) -> str:
    """'simulator', 'human', 'topic', or the absolute path of a classifier's file."""
    return text if text in REWARDS else str(Path(text).expanduser().absolute())


REWARDS = ("simulator", "human", "topic")
"""Rewards that are not learned; 'topic' is that of a node of the user's own."""

COMMON = (
    Argument(
        name="sim",
        description="true: simulated arm and cameras; false: everything else, next to a robot driver that you start, "
        "and the cameras of config, or camera drivers of yours that publish camera/<name>/image",
        default="true",
        choices=("true", "false"),
        kind=boolean,
    ),
    Argument(name="task", description="task: a name in robot_rl/robot/tasks", default="reach", targets=("/**.task",)),
    Argument(
        name="robot",
        description="robot: a name in config/robots or the path of a YAML file",
        default="fr3_sim",
        targets=("/**.robot",),
    ),
    Argument(
        name="pace",
        description="simulated time: 'lockstep' (as fast as the graph answers) or a multiple of real time from 0.05 "
        "to 100; by default lockstep in simulation, and 1 on a robot, where nothing else can be",
        kind=pace,
    ),
    Argument(
        name="run",
        description="run directory: a name below runs/, or a path with a '/'; by default the task's name",
    ),
    Argument(
        name="config",
        description="YAML file of parameters, a section a node ('/**' for all); overrides config/tasks/<task>.yaml",
    ),
    Argument(
        name="calibration",
        description="folder with a camera_info YAML file for each camera, <camera>.yaml, at the size of the raw "
        "pictures; by default the cameras' own intrinsics",
        targets=("sim.calibration", "camera.calibration"),
    ),
    Argument(
        name="view",
        description="true: a live picture for Foxglove on ws://127.0.0.1:8765 (pip install -r requirements/viewer.txt)",
        default="false",
        choices=("true", "false"),
        kind=boolean,
    ),
    Argument(
        name="reward",
        description="what says how good an observation is: 'simulator', 'human' (services episode/success and "
        "episode/failure), the file of an image classifier, or 'topic' for a node of your own that publishes reward; "
        "by default simulator in simulation and human on a robot",
        kind=reward,
        targets=("reward.source",),
    ),
    Argument(name="namespace", description="ROS namespace of all nodes and topics, e.g. left_arm"),
    Argument(name="domain", description="ROS domain, 0 to 232; by default ROS_DOMAIN_ID, else 0", kind=domain),
)

LEARN = (
    *COMMON,
    Argument(
        name="seed",
        description="seed of the task, of exploration and of the networks",
        default="0",
        kind=int,
        targets=("sim.seed", "policy.seed", "learner.learner.seed", "teleop.seed"),
    ),
    Argument(
        name="demos",
        description="replay stores with demonstrations, or bags of `step`, comma-separated; by default "
        "demos.zarr of the run, if there",
        kind=names,
    ),
    Argument(
        name="budget_s",
        description="training ends after this wall time [s]; by default the task's",
        kind=float,
        targets=("learner.learner.budget_s",),
    ),
    Argument(
        name="success_threshold",
        description="training ends at this success rate, 0 to 1; by default the task's",
        kind=float,
        targets=("learner.learner.success_threshold",),
    ),
    Argument(
        name="utd",
        description="gradient steps per environment step; by default the task's",
        kind=float,
        targets=("learner.learner.utd",),
    ),
    Argument(
        name="supervisor",
        description="who watches the policy and takes over: none; scripted, which sees the simulator's state; or a "
        "person's device, as demo's device, in real time",
        default="none",
    ),
    Argument(
        name="episodes",
        description="episodes after which the graph ends; 0 for no end",
        default="0",
        kind=int,
        targets=("policy.episodes", "monitor.episodes"),
    ),
)

DEMO = (
    *COMMON,
    Argument(
        name="seed",
        description="seed of the task and of the scripted expert's noise",
        default="0",
        kind=int,
        targets=("sim.seed", "teleop.seed"),
    ),
    Argument(
        name="episodes",
        description="successful demonstrations to record; 0 for no end",
        default="20",
        kind=int,
        targets=("policy.episodes", "monitor.episodes"),
    ),
    Argument(
        name="device",
        description="who demonstrates: 'scripted', a device (keyboard, gamepad, spacemouse, joy, ...: a name in "
        "config/devices or the path of a YAML file), or 'external' for a teleop node that you start",
        default="scripted",
        targets=("teleop.device",),
    ),
    Argument(name="out", description="replay store to write or to continue; by default demos.zarr of the run"),
    Argument(
        name="review",
        description="true: a person begins each episode and keeps or discards it (services episode/start and discard); "
        "by default where a person demonstrates",
        choices=("true", "false"),
        kind=boolean,
        targets=("policy.review",),
    ),
    Argument(
        name="countdown",
        description="countdown before each episode [s]; by default 3 where a person demonstrates, else 0",
        kind=float,
        targets=("policy.countdown_s",),
    ),
    Argument(
        name="episode_steps",
        description="steps after which an episode ends; by default the task's, eight times as many where a person "
        "demonstrates",
        kind=int,
        targets=("policy.episode_steps",),
    ),
    Argument(
        name="noise",
        description="standard deviation of the scripted expert's action noise, 0 to 1",
        kind=float,
        targets=("teleop.noise",),
    ),
    Argument(
        name="mistakes",
        description="probability that the scripted expert misses, per episode, 0 to 1",
        kind=float,
        targets=("teleop.mistakes",),
    ),
    Argument(
        name="hold",
        description="observations in a row that must show success before it ends the episode; several of them give a "
        "reward classifier more to learn from",
        kind=int,
        targets=("reward.hold",),
    ),
)

EVAL = (
    *COMMON,
    Argument(
        name="seed",
        description="seed of the task: by default not one that training or demonstrations saw",
        default="1000",
        kind=int,
        targets=("sim.seed", "policy.seed"),
    ),
    Argument(
        name="episodes",
        description="episodes to evaluate",
        default="50",
        kind=int,
        targets=("policy.episodes", "monitor.episodes"),
    ),
    Argument(
        name="checkpoint",
        description="weights file or checkpoint (safetensors); by default checkpoints/policy.safetensors of the run",
    ),
    Argument(name="out", description="replay store to write; by default eval.zarr of the run"),
)
