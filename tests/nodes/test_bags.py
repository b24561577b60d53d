"""What a recorder takes from a running graph is what an export writes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.serialization import deserialize_message, serialize_message
from rclpy.signals import SignalHandlerOptions
from rosbags.rosbag2 import StoragePlugin, Writer
from sensor_msgs.msg import Image, JointState, PointCloud2

from robot_rl.nodes import convert, qos
from robot_rl.replay.bags.messages import image_message, step_message, typestore, vector_message
from robot_rl.replay.bags.reading import Message
from robot_rl.replay.bags.steps import import_bag
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.synthetic import synthetic_episode, synthetic_spec

STEP = "sensor_msgs/msg/PointCloud2"


def same_on_the_wire(live: object, exported: object, kind: str) -> None:
    """Equal bytes, apart from alignment and spare bytes, which hold whatever lay in memory."""
    ours, theirs = bytes(typestore().serialize_cdr(exported, kind)), serialize_message(live)
    assert 0 <= len(theirs) - len(ours) <= 8
    assert bytes(typestore().serialize_cdr(Message("x", kind, 0, theirs).decode(), kind)) == ours
    assert deserialize_message(ours, type(live)) == live


def test_a_live_step_is_an_exported_step() -> None:
    for size in (3, 4, 5):  # different paddings
        for record in synthetic_episode(synthetic_spec(size, proprio=size), 3, first_seq=2**33, run_id=2**31 + 5):
            live = convert.step_to_msg(record)
            assert isinstance(live, PointCloud2)
            same_on_the_wire(live, step_message(record), STEP)


def test_live_images_and_vectors_are_exported_ones() -> None:
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    live = convert.image_to_msg(image, 123_456_789_012, "wrist_optical_frame")
    assert isinstance(live, Image)
    same_on_the_wire(live, image_message(image, 123_456_789_012, "wrist"), "sensor_msgs/msg/Image")
    vector = convert.vector_to_msg(("a", "bc"), (0.1, -2.0), 5_000_000_001, "HUMAN")
    assert isinstance(vector, JointState)
    same_on_the_wire(
        vector, vector_message(("a", "bc"), (0.1, -2.0), 5_000_000_001, "HUMAN"), "sensor_msgs/msg/JointState"
    )


@pytest.fixture
def node(free_domain: int) -> Iterator[Node]:
    context = Context()
    rclpy.init(context=context, domain_id=free_domain, signal_handler_options=SignalHandlerOptions.NO)
    node = Node("graph", namespace="/cell_2", context=context)
    yield node
    node.destroy_node()
    rclpy.try_shutdown(context=context)


def test_what_a_recorder_takes_off_the_wire_is_imported(node: Node, tmp_path: Path) -> None:
    """A recorder subscribes without decoding and writes the bytes as they came."""
    spec = synthetic_spec(32)
    records = synthetic_episode(spec, 10, run_id=2**32 - 2, first_seq=2**40, terminal=True)
    publisher = node.create_publisher(PointCloud2, "step", qos.STEP)
    for record in records[:4]:
        publisher.publish(convert.step_to_msg(record))
    taken: list[bytes] = []
    node.create_subscription(PointCloud2, "step", taken.append, qos.STEP, raw=True)
    for record in records[4:]:
        publisher.publish(convert.step_to_msg(record))
    executor, deadline = SingleThreadedExecutor(context=node.context), time.monotonic() + 20.0
    executor.add_node(node)
    while len(taken) < len(records) and time.monotonic() < deadline:
        executor.spin_once(timeout_sec=0.1)
    with Writer(tmp_path / "bag", version=9, storage_plugin=StoragePlugin.MCAP) as bag:
        connection = bag.add_connection("/cell_2/step", STEP, typestore=typestore())
        for data in taken:
            bag.write(connection, time.time_ns(), data)
    done = import_bag(tmp_path / "bag", tmp_path / "out", spec, {"task": "t", "robot": "r"})
    assert (done.rows, done.missing, done.duplicates) == (10, 0, 0)
    assert ReplayReader(tmp_path / "out").rows(np.arange(10)).tobytes() == records.tobytes()
