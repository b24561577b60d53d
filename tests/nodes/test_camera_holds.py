"""Cameras before a running policy node: one that falls silent holds the robot, and any driver's images will do."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image

from robot_rl.nodes import convert

LIFE = Path(__file__).with_name("camera_life.py")
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def wish(rig: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], int]]:
    """Camera 'wrist' by a camera node; tell its device what to do."""
    rig.silent.add("wrist")
    (tmp_path / "wish").write_text("run")
    monkeypatch.setenv("PYTHONPATH", str(LIFE.parents[2]))
    settings = {"camera": "wrist", "driver": "realsense", "width": 64, "height": 48, "backoff_s": 0.3, "frozen_s": 0.3}
    flags = [word for key, value in settings.items() for word in ("-p", f"{key}:={value}")]
    node = subprocess.Popen([sys.executable, str(LIFE), str(tmp_path / "wish"), "--ros-args", *flags])
    yield (tmp_path / "wish").write_text
    node.kill()
    node.wait()


@pytest.mark.parametrize("fault", ["unplug", "freeze"])
def test_the_policy_acts_only_while_the_camera_sees(rig: Any, wish: Callable[[str], int], fault: str) -> None:
    assert rig.spin_until(lambda: len(rig.actions) > 2)
    wish(fault)
    rig.spin_for(1.5)
    before, resets = len(rig.actions), rig.asked.count("reset")
    rig.spin_for(1.0)
    assert (len(rig.actions), rig.asked.count("reset")) == (before, resets)
    wish("run")
    assert rig.spin_until(lambda: len(rig.actions) > before)


def test_images_of_another_size_and_best_effort_are_seen_as_their_centred_square(rig: Any) -> None:
    rig.silent.add("wrist")
    picture = np.zeros((96, 160, 3), np.uint8)
    picture[:, 32:128] = (10, 20, 30)
    publisher = rig.node.create_publisher(Image, "camera/wrist/image", qos_profile_sensor_data)
    rig.node.create_timer(0.03, lambda: publisher.publish(convert.image_to_msg(picture, rig.now(), "color")))
    assert rig.spin_until(lambda: len(rig.steps) > 2)
    seen = rig.steps[-1]["image_wrist"]
    assert seen.shape == (64, 64, 3) and (seen == (10, 20, 30)).all()
