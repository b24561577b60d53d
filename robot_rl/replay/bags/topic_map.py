"""Which topics of a bag are the cameras, the joint states, the command and the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from robot_rl.config.loader import load, read_yaml
from robot_rl.config.param import param
from robot_rl.config.robot import RobotConfig
from robot_rl.core.errors import UsageError
from robot_rl.replay.bags.reading import BagReader

IMAGES = ("sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage")
JOINT_STATE = "sensor_msgs/msg/JointState"
FLOATS = "std_msgs/msg/Float64MultiArray"
TRAJECTORY = "trajectory_msgs/msg/JointTrajectory"
POSE, TWIST = "geometry_msgs/msg/PoseStamped", "geometry_msgs/msg/TwistStamped"
NUMBERS = ("std_msgs/msg/Float64", "std_msgs/msg/Float32")
INTEGERS = tuple(f"std_msgs/msg/{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64))
KINDS = {
    "joint_states": (JOINT_STATE,),
    "command": (FLOATS, JOINT_STATE, TRAJECTORY, POSE, TWIST),
    "gripper": (FLOATS, JOINT_STATE, *NUMBERS),
    "reward": (JOINT_STATE, *NUMBERS),
    "success": ("std_msgs/msg/Bool",),
    "episode": ("std_msgs/msg/Bool", "std_msgs/msg/Empty", *INTEGERS),
}
"""Message types of each role that a TopicNames names."""


@dataclass(frozen=True, kw_only=True)
class TopicNames:
    """Topics by role; '' where there is none."""

    joint_states: str = param("", "JointState with positions and velocities; '' for the robot's")
    command: str = param("", "what moved the robot; '' for the robot's command topic")
    gripper: str = param("", "gripper joint positions commanded; '' for the measured ones")
    reward: str = param("", "JointState of reward, success, terminated, or a number")
    success: str = param("", "Bool: true once the task is done")
    episode: str = param("", "Bool (true within an episode), number of the episode, or Empty at each beginning")


@dataclass(frozen=True, kw_only=True)
class TopicMap:
    """Camera name -> topic, in the order of the record, and the other topics."""

    cameras: Mapping[str, str]
    names: TopicNames = field(default_factory=TopicNames)

    @staticmethod
    def read(path: Path | str) -> TopicMap:
        """The mapping in a YAML file: `cameras` (name: topic) and the keys of TopicNames; UsageError if it is none."""
        data = read_yaml(path)
        cameras = data.pop("cameras", {})
        if not isinstance(cameras, dict) or not all(isinstance(x, str) for x in (*cameras, *cameras.values())):
            raise UsageError(f"'{path}': cameras is {cameras!r}, expected a mapping of camera names to topics.")
        return TopicMap(cameras=cameras, names=load(TopicNames, data, f"'{path}'"))

    def updated(self, cameras: Mapping[str, str], names: Mapping[str, str]) -> TopicMap:
        """The same with `cameras` in place of its own, where there are any, and `names` (role -> topic) replaced."""
        return TopicMap(cameras=cameras or self.cameras, names=replace(self.names, **names))

    def resolve(self, reader: BagReader, robot: RobotConfig) -> TopicMap:
        """The same with the names that the bag has them under; UsageError where it lacks one or several would do."""
        if not self.cameras:
            raise UsageError("no camera is named: name each as NAME=TOPIC, or in the mapping of topics.")
        cameras = {name: reader.require(topic, IMAGES, f"camera '{name}'") for name, topic in self.cameras.items()}
        fallback = {"joint_states": robot.joint_states, "command": robot.command.topic}
        found = {}
        for role, kinds in KINDS.items():
            name = getattr(self.names, role) or fallback.get(role, "")
            found[role] = reader.require(name, kinds, role) if name else ""
        resolved = TopicMap(cameras=cameras, names=TopicNames(**found))
        for topic, uses in Counter(resolved.topics).items():
            if uses > 1:
                raise UsageError(f"topic '{topic}' is named for {uses} roles: give each its own.")
        return resolved

    @property
    def topics(self) -> list[str]:
        """All topics named."""
        names = (getattr(self.names, role) for role in KINDS)
        return [*self.cameras.values(), *(name for name in names if name)]
