"""Where rewards come from: each source hears its own topics and says what an observation is worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from sensor_msgs.msg import Image, JointState

from robot_rl.config.nodes import RewardNodeConfig
from robot_rl.core.errors import SchemaError
from robot_rl.core.outcome import Outcome
from robot_rl.nodes import convert, qos
from robot_rl.nodes.runner import GraphNode
from robot_rl.perception.cameras.ops import View
from robot_rl.perception.frame_sets import FrameSets
from robot_rl.rewards.hysteresis import Hysteresis
from robot_rl.rewards.simulator import SimulatorReward
from robot_rl.robot.tasks import load_task

Say = Callable[[int, Outcome], None]
"""Takes the stamp [ns] of an observation and its outcome."""
NOTHING = Outcome(0.0)
DONE = Outcome(1.0, success=True, terminated=True)


class RewardSource(Protocol):
    """Calls `say` for every observation; told what becomes of the episode. `figures` are for /diagnostics."""

    figures: dict[str, float]

    def acting(self, running: bool) -> None:
        """An episode runs, or has ended: what was seen before is no part of the next one."""


class SimulatorSource:
    """The simulator's own knowledge; a success must last for `hold` observations."""

    def __init__(self, node: GraphNode, config: RewardNodeConfig, say: Say) -> None:
        self._task, self._say, self.figures = load_task(config.task), say, dict[str, float]()
        self._reward = SimulatorReward(self._task)
        self._held = Hysteresis(max(config.hold, 1), 0.5, round(1e9 / config.rate_hz))
        node.create_subscription(JointState, "sim/state", self._on_state, qos.STREAM)

    def acting(self, running: bool) -> None:
        """Forget a success in progress where no episode runs."""
        if not running:
            self._held.reset()

    def _on_state(self, msg: JointState) -> None:
        outcome = self._reward.outcome(convert.vector_from_msg(msg, self._task.state_names))
        stamp = convert.time_from_msg(msg.header.stamp)
        held = self._held.update(stamp, float(outcome.success))
        self._say(stamp, NOTHING if outcome.success and not held else outcome)


class HumanSource:
    """Nothing, for every observation: a person ends episodes by episode/success and episode/failure."""

    def __init__(self, node: GraphNode, config: RewardNodeConfig, say: Say) -> None:
        self._say, self.figures = say, dict[str, float]()
        watch(node, config, config.cameras, self._on_images)

    def acting(self, running: bool) -> None:
        """Nothing to forget."""

    def _on_images(self, stamp_ns: int, images: dict[str, np.ndarray]) -> None:
        self._say(stamp_ns, NOTHING)


class ClassifierSource:
    """What an image classifier sees, where an episode runs and its success lasts."""

    def __init__(self, node: GraphNode, config: RewardNodeConfig, say: Say) -> None:
        import torch

        from robot_rl.learning.reward_classifier import load_classifier, require, require_fit

        torch.set_num_threads(1)
        self._say, self._running = say, True
        self._classifier = load_classifier(Path(config.source))
        meta = self._classifier.meta
        require(meta, config.bound, f"reward classifier '{config.source}'")
        size = (config.image_size, config.image_size)
        require_fit(meta, config.task, config.cameras, size, "this graph")
        frames = config.hold or meta.frames
        self.figures = {"score": 0.0, "threshold": meta.threshold}
        self._held = Hysteresis(frames, meta.threshold, round(1e9 / config.rate_hz))
        watch(node, config, meta.cameras, self._on_images)

    def acting(self, running: bool) -> None:
        """Judge while an episode runs; before the next one the arm may still hold what it has just lifted."""
        self._running = running
        if not running:
            self._held.reset()

    def _on_images(self, stamp_ns: int, images: dict[str, np.ndarray]) -> None:
        if not self._running:
            self._say(stamp_ns, NOTHING)
            return
        score = self.figures["score"] = self._classifier.score(images)
        self._say(stamp_ns, DONE if self._held.update(stamp_ns, score) else NOTHING)


def watch(
    node: GraphNode,
    config: RewardNodeConfig,
    cameras: Sequence[str],
    take: Callable[[int, dict[str, np.ndarray]], None],
) -> None:
    """Call `take` with stamp and images of every set of the cameras' images, as the policy node sees them."""
    sets, view = FrameSets(cameras, config.lockstep), View((config.image_size, config.image_size))

    def taker(camera: str) -> Callable[[Image], None]:
        def handle(msg: Image) -> None:
            try:
                found = sets.add(camera, convert.time_from_msg(msg.header.stamp), view(convert.image_from_msg(msg)))
                if found is not None:
                    take(*found)
            except SchemaError as error:
                node.get_logger().error(str(error), throttle_duration_sec=5.0)

        return handle

    for camera in cameras:
        node.create_subscription(Image, f"camera/{camera}/image", taker(camera), qos.pictures(config.lockstep))


def make_source(node: GraphNode, config: RewardNodeConfig, say: Say) -> RewardSource:
    """The source that `config.source` names; RobotRLError where it cannot be served."""
    named: dict[str, type[SimulatorSource] | type[HumanSource]] = {"simulator": SimulatorSource, "human": HumanSource}
    return named.get(config.source, ClassifierSource)(node, config, say)
