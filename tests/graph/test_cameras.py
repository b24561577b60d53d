"""Cameras of a real rig: a node for each device, a remapping for each foreign topic."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from robot_rl.config.camera import CameraNodeConfig
from robot_rl.config.loader import load
from robot_rl.core.errors import UsageError
from robot_rl.graph import build

SHIPPED = Path(__file__).parents[2] / "config" / "cameras" / "example.yaml"


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Build the demo graph of a real robot with sections of settings."""
    monkeypatch.chdir(tmp_path)

    def make(sections, **given):
        (tmp_path / "mine.yaml").write_text(yaml.safe_dump(sections))
        return build("demo", {"sim": "false", "config": str(tmp_path / "mine.yaml"), **given})

    return make


def names(graph):
    return [node.name for node in graph.nodes if node.executable == "camera"]


def test_each_device_has_a_node_with_its_parameters(make):
    sections = {
        "/**": {"image_size": 96},
        "camera": {"fps": 15.0, "width": 320},
        "camera_wrist": {"driver": "realsense", "device": "1", "width": 640},
        "camera_front": {"driver": "file", "device": "x.png"},
    }
    graph = make(sections)
    assert names(graph) == ["camera_wrist", "camera_front"]
    wrist, front = (load(CameraNodeConfig, _own(graph.node(name))) for name in names(graph))
    assert (wrist.camera, wrist.device, wrist.fps, wrist.width, wrist.image_size) == ("wrist", "1", 15.0, 640, 96)
    assert (front.camera, front.driver, front.width) == ("front", "file", 320)
    assert graph.node("policy").remappings == ()
    assert graph.node("policy").stop_order < graph.node("camera_wrist").stop_order


def _own(node):
    return {key: value for key, value in node.parameters.items() if key != "use_sim_time"}


def test_a_foreign_topic_starts_no_node_and_is_what_every_node_hears(make):
    graph = make({"camera_wrist": {"topic": "/cam/color/image_raw"}})
    assert names(graph) == []
    assert all(node.remappings == (("camera/wrist/image", "/cam/color/image_raw"),) for node in graph.nodes)


def test_in_simulation_the_simulator_is_all_cameras(make):
    sections = {"camera_wrist": {"driver": "realsense"}, "camera_front": {"topic": "/x"}}
    graph = make(sections, sim="true")
    assert names(graph) == [] and graph.node("policy").remappings == ()


def test_the_shipped_example_is_a_rig(make):
    graph = make(yaml.safe_load(SHIPPED.read_text()))
    assert names(graph) == ["camera_wrist", "camera_front"]
    assert graph.node("policy").parameters["cameras"] == ["wrist", "front", "side"]
    assert graph.node("policy").remappings == (("camera/side/image", "/side/color/image_raw"),)


def test_calibration_is_that_of_the_raw_pictures(make, tmp_path):
    text = (SHIPPED.parents[2] / "calibration" / "fr3_sim" / "wrist.yaml").read_text()
    (tmp_path / "wrist.yaml").write_text(text)
    sections = {"camera_wrist": {"driver": "v4l2", "device": "0", "width": 64, "height": 64}}
    graph = make(sections, calibration=str(tmp_path))
    assert graph.node("camera_wrist").parameters["calibration"] == str(tmp_path)
    sections["camera_wrist"]["height"] = 48
    with pytest.raises(UsageError, match="is for 64x64 px, images are 64x48 px"):
        make(sections, calibration=str(tmp_path))


@pytest.mark.parametrize(
    ("sections", "sentence"),
    [
        ({"camera_wirst": {}}, "unknown camera section 'camera_wirst'.*did you mean 'camera_wrist'"),
        ({"camera_wrist": {"drivr": "v4l2"}}, "unknown key 'drivr'.*camera_wrist.*did you mean 'driver'"),
        ({"camera_wrist": {"driver": "v4l"}}, "driver is 'v4l', which is not one of topic, realsense"),
        ({"camera_wrist": {"device": 123}}, "device is 123 .int., expected str"),
        ({"camera_wrist": {"driver": "v4l2", "crop": [1, 2, 3]}}, r"crop is \[1, 2, 3\]: give x, y, width"),
        ({"camera_wrist": {"driver": "v4l2", "crop": [600, 0, 99, 99]}}, "camera 'wrist': crop .* 640x480 px"),
        ({"camera_wrist": {"driver": "v4l2", "rotation": 45}}, "rotation is 45, which is not one of 0, 90, 180, 270"),
    ],
)
def test_what_a_camera_node_would_refuse_is_refused_before_anything_starts(make, sections, sentence):
    with pytest.raises(UsageError, match=sentence):
        make(sections)


def test_an_unreadable_file_of_cameras(make, tmp_path):
    (tmp_path / "broken.yaml").write_text("camera_wrist: [")
    with pytest.raises(UsageError, match="broken.yaml' is not valid YAML .line 1.: mend the file"):
        make({}, config=str(tmp_path / "broken.yaml"))
