"""`robot-rl replay export | import` for bags: what a person types, reads and gets back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rosbags.typesys.stores import ros2_jazzy as ros

from robot_rl.cli.main import main
from robot_rl.config.nodes import RigConfig
from robot_rl.core.record import StepSpec
from robot_rl.replay.bags.messages import header, image_message, step_message
from robot_rl.replay.bags.writing import reliable, writing
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.synthetic import synthetic_episode
from robot_rl.replay.writer import ReplayWriter
from robot_rl.robot.spec import load_robot, step_spec

ROBOT = load_robot("fr3_sim")
RIG = ("--robot", "fr3_sim", "--task", "pick")


@pytest.fixture
def spec() -> StepSpec:
    return step_spec(RigConfig(image_size=16), ROBOT)


@pytest.fixture
def store(tmp_path: Path, spec: StepSpec) -> Path:
    with ReplayWriter.open(tmp_path / "a.zarr", spec, {"task": "reach", "robot": "fr3_sim"}) as writer:
        writer.append(synthetic_episode(spec, 12, terminal=True))
    return tmp_path / "a.zarr"


def call(*words: object) -> int:
    """Exit code of `robot-rl replay WORDS`."""
    return main(["replay", *map(str, words)])


def last_json(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert isinstance(found, dict)
    return found


def rows_of(path: Path) -> bytes:
    reader = ReplayReader(path)
    return reader.rows(np.arange(len(reader))).tobytes()


def steps(path: Path, records: np.ndarray, start_s: float) -> Path:
    """A bag of a running graph's steps."""
    with writing(path, "mcap") as bag:
        bag.add_topic("/cell/step", "sensor_msgs/msg/PointCloud2", reliable(1000, latched=True))
        for k, row in enumerate(records):
            bag.write("/cell/step", round((start_s + k) * 1e9), step_message(row))
    return path


def still(path: Path, size: int) -> Path:
    """A bag of an arm that is told to stay where it is, for a second."""
    state = ros.sensor_msgs__msg__JointState
    names, q = [*ROBOT.joints, ROBOT.gripper.joint], np.array([*ROBOT.home, 0.04])
    layout = ros.std_msgs__msg__MultiArrayLayout([], 0)
    with writing(path, "sqlite3") as bag:
        bag.add_topic("/joint_states", "sensor_msgs/msg/JointState", reliable(5))
        bag.add_topic("/forward_position_controller/commands", "std_msgs/msg/Float64MultiArray", reliable(5))
        bag.add_topic("/eye/image_raw", "sensor_msgs/msg/Image", reliable(5))
        for t in range(1_000_000_000, 2_000_000_001, 100_000_000):
            bag.write("/joint_states", t, state(header(t), names, q, np.zeros(8), np.zeros(0)))
            message = ros.std_msgs__msg__Float64MultiArray(layout, np.array(ROBOT.home))
            bag.write("/forward_position_controller/commands", t, message)
            bag.write("/eye/image_raw", t, image_message(np.full((size, size, 3), 7, np.uint8), t, "eye"))
    return path


@pytest.mark.parametrize("words", [("b.mcap",), ("b", "--storage", "sqlite3", "--topics")])
def test_out_and_in_again(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    out = tmp_path / words[0]
    assert call("export", store, out, *words[1:], "--json") == 0
    assert last_json(capsys) == {"rows": 12, "out": str(out)}
    assert call("import", out, tmp_path / "b.zarr", "--json") == 0
    done = last_json(capsys)
    assert (done["rows"], done["episodes"], done["duplicates"], done["left_out"]) == (12, 1, 0, {})
    assert rows_of(tmp_path / "b.zarr") == rows_of(store)
    assert call("import", out, tmp_path / "b.zarr") == 0
    assert "0 steps in 0 episodes" in (said := capsys.readouterr().out) and "12 x duplicates" in said


def test_live_bags_in_any_order(tmp_path: Path, spec: StepSpec, capsys: pytest.CaptureFixture[str]) -> None:
    records = synthetic_episode(spec, 20)
    first, second = steps(tmp_path / "x", records[:12], 100), steps(tmp_path / "w", records[11:], 112)
    out = tmp_path / "o.zarr"
    assert call("import", second, first, out) == 2
    assert "does not say what its steps are of" in capsys.readouterr().err and not out.exists()
    assert call("import", second, first, out, *RIG, "--json") == 0
    done = last_json(capsys)
    assert (done["rows"], done["duplicates"], done["missing"], done["late"], done["bags"]) == (20, 1, 0, 0, 2)
    assert rows_of(out) == records.tobytes()
    assert ReplayReader(out).meta == {"task": "pick", "robot": "fr3_sim"}


def test_plain_topics(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bag, out = still(tmp_path / "bag", 32), tmp_path / "o.zarr"
    assert call("import", bag, out, *RIG, "--camera", "eye=image_raw", "--success", "--image-size", 16, "--json") == 0
    done = last_json(capsys)
    assert (done["rows"], done["episodes"], done["measured_gripper"], done["clipped"]) == (11, 1, True, 0)
    reader = ReplayReader(out)
    rows = reader.rows(np.arange(11))
    assert rows["action"][:-1] == pytest.approx(np.tile([0, 0, 0, 1], (10, 1)), abs=1e-5)
    assert (rows["image_eye"] == 7).all() and rows["image_eye"].shape == (11, 16, 16, 3)
    assert reader.episodes()[0].success
    mapping = tmp_path / "map.yaml"
    mapping.write_text("cameras: {eye: /eye/image_raw}\n")
    options = ("--topics", mapping, "--rate", 5, "--source", "scripted")
    assert call("import", bag, out, *RIG, *options) == 0  # images of the store's size
    assert "6 steps in 1 episodes" in capsys.readouterr().out
    assert [e.source.name for e in (ReplayReader(out)).episodes()] == ["HUMAN", "SCRIPTED"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--camera", "eye=image_raw"), "give --robot and --task"),
        ((*RIG, "--camera", "eye"), "give NAME=TOPIC"),
        ((*RIG, "--camera", "eye=image_raw", "--source", "ghost"), "'ghost', which is not one of"),
        ((*RIG, "--camera", "eye=image_raw", "--rate", "0"), "rate_hz is 0.0, outside"),
        ((*RIG, "--camera", "eye=image_raw", "--image-size", "4"), "image_size is 4, outside"),
        ((*RIG[:1], "frankka", *RIG[2:], "--camera", "eye=image_raw"), "unknown robot 'frankka'"),
        ((*RIG,), "has no topic 'step'"),
    ],
)
def test_wrong_requests_are_a_sentence_and_write_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], sentence: str
) -> None:
    assert call("import", still(tmp_path / "bag", 16), tmp_path / "o.zarr", *words) == 2
    said = capsys.readouterr().err
    assert sentence in said and said.count("\n") == 1
    assert not (tmp_path / "o.zarr").exists()


def test_one_bad_bag_among_many_is_found_before_anything_is_written(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("export", store, tmp_path / "good") == 0
    (tmp_path / "bad.mcap").write_bytes(b"\x89MCAP0\r\n cut off")
    assert call("import", tmp_path / "good", tmp_path / "bad.mcap", tmp_path / "o.zarr") == 2
    assert "bad.mcap' is no whole rosbag2 bag" in capsys.readouterr().err
    assert not (tmp_path / "o.zarr").exists()


def test_ctrl_c(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("robot_rl.replay.bags.export.step_message", interrupt)
    assert call("export", store, tmp_path / "b") == 130
    assert [path.name for path in tmp_path.iterdir()] == ["a.zarr"]
