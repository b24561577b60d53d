"""What a recorder takes from a running graph is what an export writes."""

from __future__ import annotations

import numpy as np
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import Image, JointState, PointCloud2

from robot_rl.nodes import convert
from robot_rl.replay.bags.messages import image_message, step_message, typestore, vector_message
from robot_rl.replay.bags.reading import Message
from robot_rl.replay.synthetic import synthetic_episode, synthetic_spec


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
            same_on_the_wire(live, step_message(record), "sensor_msgs/msg/PointCloud2")


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
