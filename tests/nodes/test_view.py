"""The live picture as a process, looked at by a websocket client that speaks Foxglove's protocol."""

import json
import os
import re
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rclpy
from rclpy.context import Context
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import Image, JointState
from websockets.sync.client import ClientConnection, connect

from robot_rl.nodes import convert, qos

pytest.importorskip("foxglove")
pytestmark = pytest.mark.timeout(300)
WAIT_S = 60.0


@pytest.fixture
def node(free_domain: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A node that plays camera and policy."""
    monkeypatch.setenv("ROS_DOMAIN_ID", str(free_domain))
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    context = Context()
    rclpy.init(context=context, domain_id=free_domain, signal_handler_options=SignalHandlerOptions.NO)
    node = rclpy.create_node("rig", namespace="left", context=context)
    yield node
    node.destroy_node()
    rclpy.try_shutdown(context=context)


@pytest.fixture
def url(node: Any, tmp_path: Path) -> Iterator[str]:
    """Where the picture is."""
    said = tmp_path / "said"
    words = ["-m", "robot_rl.cli.main", "view", "--port", "0", "--namespace", "left"]
    with said.open("w") as file:
        process = subprocess.Popen([sys.executable, *words], stderr=file, env=dict(os.environ))
    deadline = time.monotonic() + WAIT_S
    while (
        not (found := re.search(r"ws://[\d.]+:[1-9]\d*", said.read_text()))
        and process.poll() is None
        and time.monotonic() < deadline
    ):
        time.sleep(0.05)
    assert found, said.read_text()
    yield found[0]
    process.kill()
    process.wait()


class Viewer:
    """Subscribes to channels as they are advertised; `next` is what comes on one of them."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket, self.topics = socket, dict[int, str]()

    def next(self, topic: str, publish: Any) -> bytes:
        """The payload of the next message on `topic`, calling `publish()` until it comes."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            publish()
            try:
                message = self._socket.recv(timeout=0.2)
            except TimeoutError:
                continue
            if isinstance(message, str):
                self._advertised(json.loads(message))
            elif message[0] == 1:
                subscription, _ = struct.unpack_from("<IQ", message, 1)
                if self.topics[subscription] == topic:
                    return message[13:]
        raise AssertionError(f"nothing came on {topic}; there are {sorted(self.topics.values())}")

    def _advertised(self, message: dict[str, Any]) -> None:
        for channel in message.get("channels", []):
            self.topics[channel["id"]] = channel["topic"]
            wanted = [{"id": channel["id"], "channelId": channel["id"]}]
            self._socket.send(json.dumps({"op": "subscribe", "subscriptions": wanted}))


def test_a_frame_arrives_pixel_by_pixel_and_vectors_by_name(node: Any, url: str) -> None:
    camera = node.create_publisher(Image, "camera/wrist/image", qos.STREAM)
    executed = node.create_publisher(JointState, "action/executed", qos.EVENTS)
    pixels = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
    image = convert.image_to_msg(pixels, 5 * 10**9, "wrist")
    action = convert.vector_to_msg(("dx", "latency", "dy"), (0.25, 0.01, np.nan), 5 * 10**9, "HUMAN")
    with connect(url, subprotocols=["foxglove.sdk.v1"]) as socket:  # type: ignore[list-item]
        viewer = Viewer(socket)
        frame = viewer.next("/camera/wrist/image", lambda: camera.publish(image))
        assert pixels.tobytes() in frame and b"rgb8" in frame
        seen = json.loads(viewer.next("/action/executed", lambda: executed.publish(action)))
    assert seen == {"dx": 0.25, "latency": 0.01, "dy": None, "from": "HUMAN"}
    assert {"/episode/state", "/safety/status", "/reward", "/proprio"} <= set(viewer.topics.values())


def test_a_port_that_is_taken_is_one_sentence(node: Any, url: str) -> None:
    words = [sys.executable, "-m", "robot_rl.cli.main", "view", "--port", url.rsplit(":", 1)[1]]
    done = subprocess.run(words, capture_output=True, text=True, timeout=WAIT_S, env=dict(os.environ))
    assert done.returncode == 1 and "give another port" in done.stderr and "Traceback" not in done.stderr
