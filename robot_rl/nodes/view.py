"""A live picture of what the policy sees, for Foxglove: camera images and named vectors over a websocket."""

from __future__ import annotations

import math
import re
import sys
from typing import TYPE_CHECKING, Any

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.clock import Clock, ClockType
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image, JointState

from robot_rl.config.nodes import ViewNodeConfig
from robot_rl.core.errors import RobotRLError
from robot_rl.core.optional import require
from robot_rl.nodes import convert, qos
from robot_rl.nodes.runner import GraphNode, run

if TYPE_CHECKING:
    from foxglove import Channel
    from foxglove.channels import RawImageChannel

CAMERA = re.compile(r"(^|/)camera/[^/]+/image$")
IMAGE = "sensor_msgs/msg/Image"
VECTORS = ("proprio", "action/policy", "action/teleop", "action/executed", "reward", "episode", "learner/metrics")
"""JointState topics; each becomes numbers by name, which Foxglove plots as <topic>.<name>."""
STATES = ("episode/state", "safety/status")
LOOK_S = 1.0
"""Period in which cameras are looked for [s]."""


class ViewNode(GraphNode):
    """Hands on what it hears, and only what somebody looks at; commands nothing."""

    def __init__(self) -> None:
        super().__init__("view")
        config = self.configure(ViewNodeConfig)
        require("foxglove", "the live picture", "foxglove-sdk", "viewer.txt")
        import foxglove

        self._pictures = foxglove.Context()
        try:
            self._websocket = foxglove.start_server(
                name="robot_rl", host=config.host, port=config.port, context=self._pictures
            )
        except (OSError, RuntimeError) as error:
            raise RobotRLError(f"no picture on {config.host}:{config.port} ({error}): give another port.") from None
        self._seen: set[str] = set()
        for topic in VECTORS:
            self._connect(JointState, topic, qos.ANYONE)
        for topic in STATES:
            self._connect(DiagnosticStatus, topic, qos.LATCHED)
        self.create_timer(LOOK_S, self._look, clock=Clock(clock_type=ClockType.STEADY_TIME))
        # A warning, so that the supervisor shows it without --verbose: a person is to click it.
        self.get_logger().warning(
            f"live picture: ws://{config.host}:{self._websocket.port}, or {self._websocket.app_url()}"
        )

    def _connect(self, kind: type, topic: str, profile: QoSProfile) -> None:
        import foxglove

        channel = foxglove.Channel(f"/{topic}", message_encoding="json", context=self._pictures)
        show = self._show_vector if kind is JointState else self._show_state
        self.create_subscription(kind, topic, lambda msg: show(channel, msg), profile)

    def _look(self) -> None:
        """Subscribe to the cameras of this namespace that have appeared."""
        from foxglove.channels import RawImageChannel

        home = self.get_namespace().rstrip("/") + "/"
        for topic, kinds in self.get_topic_names_and_types():
            inside = topic.removeprefix(home)
            if inside == topic or inside in self._seen or IMAGE not in kinds or not CAMERA.search(inside):
                continue
            self._seen.add(inside)
            self._connect_camera(topic, RawImageChannel(f"/{inside}", context=self._pictures))

    def _connect_camera(self, topic: str, channel: RawImageChannel) -> None:
        self.create_subscription(Image, topic, lambda msg: self._show_image(channel, msg), qos.ANYONE)

    def _show_image(self, channel: RawImageChannel, msg: Image) -> None:
        if not channel.has_sinks():
            return
        from foxglove.messages import RawImage, Timestamp

        stamp = Timestamp(msg.header.stamp.sec, msg.header.stamp.nanosec)
        picture = RawImage(
            timestamp=stamp,
            frame_id=msg.header.frame_id,
            width=msg.width,
            height=msg.height,
            encoding=msg.encoding,
            step=msg.step,
            data=bytes(msg.data),
        )
        channel.log(picture, log_time=convert.time_from_msg(msg.header.stamp))

    def _show_vector(self, channel: Channel, msg: JointState) -> None:
        if channel.has_sinks():
            known = convert.mapping_from_msg(msg).items()
            values: dict[str, Any] = {name: value if math.isfinite(value) else None for name, value in known}
            if msg.header.frame_id:
                values["from"] = msg.header.frame_id
            channel.log(values, log_time=convert.time_from_msg(msg.header.stamp) or self.now_ns())

    def _show_state(self, channel: Channel, msg: DiagnosticStatus) -> None:
        channel.log({"sentence": msg.message, **convert.values_of(msg)}, log_time=self.now_ns())

    def close(self) -> None:
        """Stop the server."""
        self._websocket.stop()


def main(args: Any = None) -> int:
    """Run the node; return its exit code."""
    return run(ViewNode, args)


if __name__ == "__main__":
    sys.exit(main())
