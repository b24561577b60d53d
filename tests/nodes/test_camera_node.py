"""The camera node as a process on librealsense's software device: pictures, faults, and its lifecycle."""

import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from ros_peer import RosPeer
from sensor_msgs.msg import CameraInfo, Image

from robot_rl.nodes import convert, qos

LIFE = Path(__file__).with_name("camera_life.py")
picture = runpy.run_path(str(LIFE))["picture"]
Start = Callable[..., subprocess.Popen]
TOPICS = {
    "image": Image,
    "camera_info": CameraInfo,
    "raw/image": Image,
    "raw/camera_info": CameraInfo,
    "depth/image": Image,
    "depth/camera_info": CameraInfo,
}


class Viewer(RosPeer):
    """Sees all topics of camera 'wrist' and calls its lifecycle services."""

    def __init__(self, domain: int, wish: Path) -> None:
        super().__init__(domain, "viewer")
        self._wish = wish
        self.seen: dict[str, list[Any]] = {topic: [] for topic in TOPICS}
        self.values: dict[str, str] = {}
        for topic, kind in TOPICS.items():
            self.node.create_subscription(kind, f"camera/wrist/{topic}", self.seen[topic].append, qos.STREAM)
        self.node.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, qos.STREAM)

    def _on_diagnostics(self, msg: DiagnosticArray) -> None:
        self.values, self.says = convert.values_of(msg.status[0]), msg.status[0].message

    def wish(self, what: str) -> None:
        """What the device does from now on."""
        self._wish.write_text(what)

    def new_image(self) -> bool:
        """Whether an image comes within a long time."""
        count = len(self.seen["image"])
        return self.spin_until(lambda: len(self.seen["image"]) > count)

    def silent(self) -> bool:
        """Whether no image comes for a while."""
        count = len(self.seen["image"])
        return not self.spin_until(lambda: len(self.seen["image"]) > count, 0.5)

    def change(self, transition: int) -> bool:
        request = ChangeState.Request(transition=Transition(id=transition))
        return bool(self.request(ChangeState, "camera/change_state", request).success)

    def state(self) -> int:
        return int(self.request(GetState, "camera/get_state", GetState.Request(), tries=6).current_state.id)


@pytest.fixture
def process(free_domain: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Start]:
    """Start the node with parameters, reading its device's wishes from tmp_path/wish."""
    monkeypatch.setenv("ROS_DOMAIN_ID", str(free_domain))
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    monkeypatch.setenv("PYTHONPATH", str(LIFE.parents[2]))
    (tmp_path / "wish").write_text("run")
    started: list[subprocess.Popen] = []

    def start(**options: Any) -> subprocess.Popen:
        settings = {"camera": "wrist", "driver": "realsense", "width": 64, "height": 48, "image_size": 16, **options}
        flags = [word for key, value in settings.items() for word in ("-p", f"{key}:={value}")]
        command = [sys.executable, str(LIFE), str(tmp_path / "wish"), "--ros-args", *flags]
        started.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for node in started:
        node.kill()
        node.communicate(timeout=30)


@pytest.fixture
def viewer(free_domain: int, tmp_path: Path) -> Iterator[Viewer]:
    viewer = Viewer(free_domain, tmp_path / "wish")
    yield viewer
    viewer.close()


def test_pictures_come_whole_stamped_and_with_their_intrinsics(process, viewer: Viewer) -> None:
    process(raw="true", depth="true", crop="[8,0,48,48]", rotation=90)
    assert viewer.spin_until(lambda: all(len(seen) > 5 for seen in viewer.seen.values()))
    now, stamps = viewer.now(), [convert.time_from_msg(msg.header.stamp) for msg in viewer.seen["image"]]
    assert stamps == sorted(set(stamps)) and now - 30e9 < stamps[-1] <= now
    known = {picture(number).tobytes(): number for number in range(3000)}
    raw = [known[bytes(msg.data)] for msg in viewer.seen["raw/image"]]  # bit-exact: each is one that was sent
    assert raw == sorted(set(raw))
    small = viewer.seen["image"][-1]
    assert (small.width, small.height, small.encoding, small.header.frame_id) == (16, 16, "rgb8", "wrist_optical_frame")
    depth = viewer.seen["depth/image"][-1]
    assert (depth.encoding, set(np.frombuffer(depth.data, "<u2"))) == ("16UC1", {500})
    info, whole = viewer.seen["camera_info"][-1], viewer.seen["raw/camera_info"][-1]
    assert (whole.width, whole.height, whole.k[0], whole.header.frame_id) == (64, 48, 60.0, "wrist_raw_optical_frame")
    np.testing.assert_allclose(np.reshape(info.k, (3, 3))[[0, 1], [0, 1]], [61 / 3, 20.0])
    np.testing.assert_allclose((info.k[2], info.k[5]), (15 - ((23 + 0.5) / 3 - 0.5), (31 - 8 + 0.5) / 3 - 0.5))
    by_stamp = {convert.time_from_msg(msg.header.stamp) for msg in viewer.seen["camera_info"]}
    assert by_stamp & set(stamps)


def test_faults_silence_the_pictures_are_said_and_end(process, viewer: Viewer) -> None:
    node = process(frozen_s=0.3, black_s=0.3, backoff_s=0.3)
    assert viewer.new_image()
    for wish, key, bad, sentence in (
        ("freeze", "frozen", "True", "the picture is frozen"),
        ("black", "black", "True", "the picture is black"),
        ("unplug", "connected", "False", "unplugged|no RealSense is connected"),
    ):
        viewer.wish(wish)
        assert viewer.spin_until(lambda key=key, bad=bad: viewer.values.get(key) == bad), (wish, viewer.says)
        assert any(part in viewer.says for part in sentence.split("|"))
        assert viewer.silent()
        viewer.wish("run")
        assert viewer.new_image()
        assert viewer.spin_until(lambda key=key, bad=bad: viewer.values.get(key) != bad)
    assert int(viewer.values["connections"]) >= 2 and node.poll() is None
    assert float(viewer.values["exposure_us"]) == 8000.0 and viewer.values["clock_offset_ms"] != "none"


def test_lifecycle_transitions_do_what_ros_users_expect(process, viewer: Viewer) -> None:
    node = process()
    assert viewer.new_image() and viewer.state() == State.PRIMARY_STATE_ACTIVE
    assert viewer.change(Transition.TRANSITION_DEACTIVATE) and viewer.silent()
    assert viewer.change(Transition.TRANSITION_ACTIVATE) and viewer.new_image()
    assert viewer.change(Transition.TRANSITION_DEACTIVATE) and viewer.change(Transition.TRANSITION_CLEANUP)
    assert viewer.state() == State.PRIMARY_STATE_UNCONFIGURED and viewer.silent()
    assert viewer.change(Transition.TRANSITION_CONFIGURE) and viewer.change(Transition.TRANSITION_ACTIVATE)
    assert viewer.new_image()
    assert viewer.change(Transition.TRANSITION_ACTIVE_SHUTDOWN) and node.wait(30) == 0


def test_without_autostart_it_waits_to_be_activated(process, viewer: Viewer) -> None:
    process(autostart="false")
    assert viewer.state() == State.PRIMARY_STATE_UNCONFIGURED and viewer.silent()
    assert viewer.change(Transition.TRANSITION_CONFIGURE) and viewer.silent()
    assert viewer.change(Transition.TRANSITION_ACTIVATE) and viewer.new_image()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"width": 65}, "camera 'wrist': the RealSense has no colour mode of 65x48 px at 30 Hz: choose one of 64x48"),
        ({"driver": "topic"}, "camera 'wrist': driver is 'topic', which needs no camera node"),
        ({"calibration": "/nowhere"}, "calibration '/nowhere/wrist.yaml' is missing"),
        ({"crop": "[60,0,20,20]"}, "is not inside the picture of 64x48 px"),
    ],
)
def test_what_waiting_does_not_mend_ends_it_with_a_sentence(process, options, sentence: str) -> None:
    node = process(**options)
    _, said = node.communicate(timeout=60)
    assert node.returncode == 2 and sentence in said


def test_a_calibration_of_another_camera_or_size_is_refused(process, tmp_path: Path) -> None:
    shipped = Path(__file__).parents[2] / "calibration" / "fr3_sim"
    for text, sentence in (
        ((shipped / "wrist.yaml").read_text(), "is for 64x64 px, images are 64x48 px"),
        ((shipped / "front.yaml").read_text(), "is of camera 'front', not 'wrist'"),
    ):
        (tmp_path / "wrist.yaml").write_text(text)
        node = process(calibration=tmp_path)
        _, said = node.communicate(timeout=60)
        assert node.returncode == 2 and sentence in said
