"""A simulated arm that a person moved, and bags of its own topics as a recorder would have taken them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from rosbags.typesys.stores import ros2_jazzy as ros

from robot_rl.config.nodes import RigConfig
from robot_rl.config.robot import RobotConfig
from robot_rl.core.geometry import Pose
from robot_rl.core.record import StepSpec
from robot_rl.replay.bags.messages import header, image_message
from robot_rl.replay.bags.topic_map import TopicMap, TopicNames
from robot_rl.replay.bags.writing import Storage, reliable, writing
from robot_rl.robot.in_process import InProcessEnv, Transition
from robot_rl.robot.spec import load_robot, step_spec
from robot_rl.robot.tasks import load_task
from robot_rl.robot.twin import KinematicTwin

SIZE, STEPS = 16, 8
START_NS, PERIOD_NS = 5_000_000_000, 100_000_000
Item = tuple[int, Any]
"""Stamp [ns] and message."""


@dataclass
class Taught:
    """What happened, by stamps [ns]."""

    robot: RobotConfig
    spec: StepSpec
    images: list[tuple[int, dict[str, np.ndarray]]] = field(default_factory=list)
    proprio: list[np.ndarray] = field(default_factory=list)
    joints: list[tuple[int, np.ndarray, np.ndarray, float]] = field(default_factory=list)
    commands: list[tuple[int, np.ndarray, float]] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)

    @property
    def actions(self) -> np.ndarray:
        """Actions really executed (n, A)."""
        return np.array([t.action for t in self.transitions])

    @property
    def poses(self) -> list[Pose]:
        """Commanded poses of the tcp, home first."""
        twin = KinematicTwin(self.robot)
        return [twin.tcp_pose(q) for q in (np.array(self.robot.home), *(q for _, q, _ in self.commands))]


@pytest.fixture(scope="session")
def taught() -> Taught:
    """Some random motion with the gripper closing half-way."""
    robot = load_robot("fr3_sim")
    env = InProcessEnv(robot, load_task("reach"), image_size=SIZE, seed=3)
    seen = Taught(robot, step_spec(RigConfig(image_size=SIZE), robot))
    arm, command, begun = env.arm, env.arm.command, env.arm.time

    def now() -> int:
        return START_NS + round((arm.time - begun) * 1e9)

    def feel() -> None:
        seen.joints.append((now(), arm.joint_positions, arm.joint_velocities, arm.opening))

    def listen(q: np.ndarray, opening: float) -> None:
        feel()
        seen.commands.append((now(), q.copy(), opening))
        command(q, opening)

    arm.command = listen  # type: ignore[method-assign]
    observation, rng = env.reset(), np.random.default_rng(0)
    for step in range(STEPS + 1):
        seen.images.append((now(), observation.images))
        seen.proprio.append(observation.proprio)
        if step < STEPS:
            action = rng.uniform(-0.9, 0.9, 4)
            action[3] = 1.0 if step < STEPS // 2 else -0.25
            seen.transitions.append(env.step(action))
            observation = seen.transitions[-1].observation
    feel()
    env.close()
    return seen


def joint_state(names: tuple[str, ...], position: Any, velocity: Any = (), stamp: int = 0) -> Any:
    """A JointState with its names in another order than the robot's."""
    order = np.argsort(names)
    position, velocity = np.asarray(position, float), np.asarray(velocity, float)
    return ros.sensor_msgs__msg__JointState(
        header(stamp), [names[k] for k in order], position[order], velocity[order] if len(velocity) else velocity,
        np.zeros(0),
    )  # fmt: skip


def floats(values: Any) -> Any:
    """A Float64MultiArray."""
    layout = ros.std_msgs__msg__MultiArrayLayout([], 0)
    return ros.std_msgs__msg__Float64MultiArray(layout, np.asarray(values, float))


def compressed(image: np.ndarray, stamp: int) -> Any:
    """A CompressedImage as PNG, which loses nothing."""
    done, data = cv2.imencode(".png", image[:, :, ::-1])
    assert done
    return ros.sensor_msgs__msg__CompressedImage(header(stamp), "rgb8; png compressed bgr8", data.reshape(-1))


@dataclass
class Topics:
    """Messages of a bag by topic: (type, messages); changed by a test before it is written."""

    tracks: dict[str, tuple[str, list[Item]]]

    def add(self, topic: str, kind: str, items: list[Item]) -> None:
        """Put a topic in place of what was there."""
        self.tracks[topic] = (kind, items)

    def change(self, topic: str, change: Callable[[list[Item]], list[Item]]) -> None:
        """Replace a topic's messages."""
        kind, items = self.tracks[topic]
        self.tracks[topic] = (kind, change(items))


@pytest.fixture
def topics(taught: Taught) -> Topics:
    """The usual topics: two cameras, joint states, joint position commands, gripper commands."""
    names = (*taught.robot.joints, taught.robot.gripper.joint)
    states = [(t, joint_state(names, (*q, o), (*dq, 0.0), t)) for t, q, dq, o in taught.joints]
    tracks = {
        "/arm/joint_states": ("sensor_msgs/msg/JointState", states),
        "/arm/command": ("std_msgs/msg/Float64MultiArray", [(t, floats(q)) for t, q, _ in taught.commands]),
        "/gripper/command": ("std_msgs/msg/Float64MultiArray", [(t, floats([o])) for t, _, o in taught.commands]),
    }
    for camera in taught.spec.observation.cameras:
        frames = [(t, image_message(images[camera], t, camera)) for t, images in taught.images]
        tracks[f"/{camera}/image_raw"] = ("sensor_msgs/msg/Image", frames)
    return Topics(tracks)


@pytest.fixture
def record(tmp_path: Path) -> Callable[..., Path]:
    """Write topics to a bag: recorded a little after their stamps, the more so for images; `wall_ns` on its clock."""

    def write(topics: Topics, name: str = "taught", storage: Storage = "mcap", wall_ns: int = 0) -> Path:
        every = []
        for topic, (kind, items) in topics.tracks.items():
            delay = 30_000_000 if "Image" in kind else 1_000_000
            every += [(t + delay + wall_ns, topic, message) for t, message in items]
        with writing(tmp_path / name, storage) as bag:
            for topic, (kind, _) in topics.tracks.items():
                bag.add_topic(topic, kind, reliable(10))
            for time_ns, topic, message in sorted(every, key=lambda item: item[0]):
                bag.write(topic, time_ns, message)
        return tmp_path / name

    return write


@pytest.fixture
def names() -> TopicMap:
    """What the usual topics are."""
    named = TopicNames(joint_states="joint_states", command="/arm/command", gripper="gripper/command")
    return TopicMap(cameras={"wrist": "wrist/image_raw", "front": "front/image_raw"}, names=named)


@pytest.fixture
def renamed(names: TopicMap) -> Callable[..., TopicMap]:
    """The map with some roles named otherwise."""
    return lambda **roles: dataclasses.replace(names, names=dataclasses.replace(names.names, **roles))
