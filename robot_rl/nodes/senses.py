"""What the policy node perceives: camera images, proprioception and outcomes, joined by their stamps."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image, JointState

from robot_rl.control.vitals import Vitals
from robot_rl.core.errors import SchemaError
from robot_rl.core.outcome import Outcome
from robot_rl.core.spec import ObservationSpec
from robot_rl.nodes import convert, qos
from robot_rl.nodes.runner import GraphNode
from robot_rl.perception.cameras.ops import View
from robot_rl.perception.synchronizer import Synchronizer

M = TypeVar("M")
MAX_OUTCOMES = 100
"""Outcomes kept while nobody asks for them."""


class Senses:
    """Subscribes to all sources, calls `on_new` after each message, and never hands out what is too old.

    Images of another size, as other people's camera drivers give them, are cut to their largest centred square and
    resized by area.
    """

    def __init__(
        self,
        node: GraphNode,
        spec: ObservationSpec,
        max_age_s: float,
        min_rate_hz: float,
        on_new: Callable[[], None],
        images: QoSProfile = qos.STREAM,
    ) -> None:
        """`min_rate_hz` is what each source should send at least, for `vitals`; 0 where that does not count."""
        self._view = View((spec.image_width, spec.image_height))
        self.sync = Synchronizer(spec, max_age_s, beside=("reward",))
        self._spec, self._logger, self._on_new = spec, node.get_logger(), on_new
        self._outcomes: dict[int, Outcome] = {}
        self._heard, self._since = Counter[str](), time.monotonic()
        self._limits = max_age_s, min_rate_hz
        for camera in spec.cameras:
            topic, handle = f"camera/{camera}/image", self._guarded(camera, self._image_taker(camera))
            node.create_subscription(Image, topic, handle, images)
        node.create_subscription(JointState, "proprio", self._guarded("proprio", self._take_proprio), qos.STREAM)
        node.create_subscription(JointState, "reward", self._guarded("reward", self._take_reward), qos.STREAM)

    def judged_stamp(self) -> int | None:
        """The stamp [ns] that all sources and an outcome share, None where they do not."""
        stamp = self.sync.common_stamp()
        return stamp if stamp in self._outcomes else None

    def forget_before(self, stamp_ns: int) -> None:
        """Drop outcomes of observations before `stamp_ns`."""
        self._outcomes = {stamp: outcome for stamp, outcome in self._outcomes.items() if stamp >= stamp_ns}

    def take_outcome(self) -> Outcome:
        """The newest reward since the last call, and success or termination where any observation since had it."""
        outcomes = list(self._outcomes.values())
        self._outcomes.clear()
        if not outcomes:
            return Outcome(0.0)
        success, terminated = any(o.success for o in outcomes), any(o.terminated for o in outcomes)
        return Outcome(outcomes[-1].reward, success, terminated)

    def vitals(self, now_ns: int) -> Vitals:
        """Age of each source at `now_ns`, and its messages per second of wall time since the last call."""
        now, heard = time.monotonic(), self._heard
        waited, self._heard, self._since = max(now - self._since, 1e-6), Counter(), now
        sources = {name: (age, heard[name] / waited) for name, age in self.sync.ages(now_ns).items()}
        return Vitals(sources, *self._limits)

    def _guarded(self, source: str, take: Callable[[M], None]) -> Callable[[M], None]:
        def handle(msg: M) -> None:
            self._heard[source] += 1
            try:
                take(msg)
            except SchemaError as error:
                self._logger.error(str(error), throttle_duration_sec=5.0)
            else:
                self._on_new()

        return handle

    def _image_taker(self, camera: str) -> Callable[[Image], None]:
        def take(msg: Image) -> None:
            image = self._view(convert.image_from_msg(msg))
            self.sync.add_image(camera, convert.time_from_msg(msg.header.stamp), image)

        return take

    def _take_proprio(self, msg: JointState) -> None:
        vector = convert.vector_from_msg(msg, self._spec.proprio).astype(np.float32)
        self.sync.add_proprio(convert.time_from_msg(msg.header.stamp), vector)

    def _take_reward(self, msg: JointState) -> None:
        reward, success, terminated = convert.vector_from_msg(msg, ("reward", "success", "terminated"))
        outcome = Outcome(float(reward), bool(success), bool(terminated))
        stamp = convert.time_from_msg(msg.header.stamp)
        self._outcomes[stamp] = outcome
        self.sync.heard("reward", stamp)
        if len(self._outcomes) > MAX_OUTCOMES:
            self._outcomes.pop(next(iter(self._outcomes)))
