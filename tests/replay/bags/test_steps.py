"""Bags of steps that a recorder took from a running graph."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from robot_rl.config.nodes import RigConfig
from robot_rl.core.errors import RobotRLError, SchemaError, UsageError
from robot_rl.core.record import StepSpec
from robot_rl.replay.bags.export import export_bag
from robot_rl.replay.bags.messages import text_message
from robot_rl.replay.bags.steps import described_by, import_bag
from robot_rl.replay.bags.writing import Storage, reliable, writing
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.synthetic import synthetic_episode, synthetic_spec
from robot_rl.replay.writer import ReplayWriter
from robot_rl.robot.spec import load_robot, step_spec

META = {"task": "reach", "robot": "fr3_sim"}
Record = Callable[..., Path]


def seqs(store: Path) -> list[int]:
    reader = ReplayReader(store)
    found: list[int] = reader.rows(np.arange(len(reader)))["seq"].tolist()
    return found


@pytest.mark.parametrize("topic", ["step", "/step", "/cell_3/arm/step"])
def test_a_live_bag_of_any_namespace(record: Record, tmp_path: Path, topic: str) -> None:
    rig = RigConfig(cameras=("front", "wrist"), image_size=24)
    spec = step_spec(rig, load_robot("fr3_sim"))
    rows = synthetic_episode(spec, 8)
    bag = record("live", **{topic: rows, "/camera/front/step_counter": rows[:2]})
    described = described_by(bag, "step", "fr3_sim", "reach")
    assert (described.spec, described.meta) == (spec, META)
    assert import_bag(bag, tmp_path / "out", described.spec, described.meta).rows == 8
    reader = ReplayReader(tmp_path / "out")
    assert reader.rows(np.arange(8)).tobytes() == rows.tobytes() and reader.meta == META


def test_a_live_bag_needs_robot_and_task(record: Record, tmp_path: Path, spec: StepSpec) -> None:
    with pytest.raises(UsageError, match="name the robot and the task"):
        import_bag(record("live", step=synthetic_episode(spec, 3)), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_another_robot_than_the_steps_are_of(record: Record, tmp_path: Path) -> None:
    spec = synthetic_spec(16)  # three joints, two actions
    bag = record("live", step=synthetic_episode(spec, 3))
    described = described_by(bag, "step", "fr3_sim", "reach")
    with pytest.raises(SchemaError, match=r"live.*differs in action, proposed, proprio"):
        import_bag(bag, tmp_path / "out", described.spec, described.meta)


def test_two_step_topics_are_not_mixed(record: Record, tmp_path: Path, spec: StepSpec) -> None:
    rows = synthetic_episode(spec, 3)
    bag = record("live", **{"/a/step": rows, "/b/step": rows[:2]})
    with pytest.raises(UsageError, match="name one of /a/step, /b/step"):
        import_bag(bag, tmp_path / "out", spec, META)
    assert import_bag(bag, tmp_path / "out", spec, META, topic="/b/step").rows == 2
    with pytest.raises(UsageError, match=r"no topic 'c/step'.*it has /a/step \(sensor_msgs/msg/PointCloud2\), /b/step"):
        import_bag(bag, tmp_path / "out", spec, META, topic="c/step")


def test_duplicates_gaps_and_what_came_too_late_are_told(record: Record, tmp_path: Path, spec: StepSpec) -> None:
    rows = synthetic_episode(spec, 20)
    out = tmp_path / "out"
    restarted = np.concatenate([rows[10:14], rows[10:14], rows[16:18]])  # a latched topic sends its history again
    done = import_bag(record("a", step=restarted), out, spec, META)
    assert (done.rows, done.duplicates, done.missing, done.late) == (6, 4, 2, 0)
    done = import_bag(record("b", step=rows[12:20]), out, spec, META)
    assert (done.rows, done.duplicates, done.missing, done.late) == (2, 4, 0, 2)
    assert seqs(out) == [10, 11, 12, 13, 16, 17, 18, 19]
    done = import_bag(record("c", step=synthetic_episode(spec, 3, first_seq=23)), out, spec, META)
    assert (done.rows, done.missing) == (3, 3)


def test_a_store_of_another_rig_stays_as_it_is(record: Record, tmp_path: Path, spec: StepSpec) -> None:
    bag = record("live", step=synthetic_episode(spec, 3))
    import_bag(bag, tmp_path / "out", spec, META)
    with pytest.raises(SchemaError, match="task 'reach', this run has 'lift'"):
        import_bag(bag, tmp_path / "out", spec, {**META, "task": "lift"})
    assert seqs(tmp_path / "out") == [0, 1, 2]


def test_a_description_that_disagrees_is_refused(store: Callable[..., Path], spec: StepSpec, tmp_path: Path) -> None:
    export_bag(store(synthetic_episode(spec, 3)), tmp_path / "bag")
    with pytest.raises(SchemaError, match="task 'reach', not 'lift'"):
        import_bag(tmp_path / "bag", tmp_path / "out", spec, {"task": "lift"})
    with pytest.raises(SchemaError, match="image size '4 x 4', not '8 x 8'"):
        import_bag(tmp_path / "bag", tmp_path / "out", synthetic_spec(8))
    assert import_bag(tmp_path / "bag", tmp_path / "out", spec, META).rows == 3


def test_a_foreign_description_is_refused(tmp_path: Path) -> None:
    with writing(tmp_path / "bag", "mcap") as bag:
        bag.add_topic("/step", "sensor_msgs/msg/PointCloud2", reliable(1))
        bag.add_topic("/step_description", "std_msgs/msg/String", reliable(1))
        bag.write("/step_description", 0, text_message("<robot/>"))
    with pytest.raises(SchemaError, match="'/step_description' describes no steps"):
        import_bag(tmp_path / "bag", tmp_path / "out")


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
@pytest.mark.parametrize("share", [0.3, 0.999])
def test_a_truncated_bag_is_a_sentence(
    store: Callable[..., Path], spec: StepSpec, tmp_path: Path, storage: Storage, share: float
) -> None:
    export_bag(store(synthetic_episode(spec, 200)), tmp_path / "bag", storage=storage)
    file = next(path for path in (tmp_path / "bag").iterdir() if path.suffix in (".mcap", ".db3"))
    os.truncate(file, int(file.stat().st_size * share))
    with pytest.raises(RobotRLError, match=r"bag'.* (is no whole rosbag2 bag|is damaged|no sensor_msgs)") as caught:
        import_bag(tmp_path / "bag", tmp_path / "out")
    assert "\n" not in str(caught.value)


def test_a_bag_damaged_within_is_told_and_keeps_what_was_read(tmp_path: Path) -> None:
    spec = synthetic_spec(64)
    rows = synthetic_episode(spec, 200)
    with ReplayWriter.open(tmp_path / "large", spec, META) as writer:
        writer.append(rows)
    export_bag(tmp_path / "large", tmp_path / "bag.mcap")
    with (tmp_path / "bag.mcap").open("r+b") as file:
        file.seek(2_500_000)
        file.write(bytes(400_000))
    with pytest.raises(RobotRLError, match=r"bag.mcap'(: a message on '/step' is no| is damaged: )"):
        import_bag(tmp_path / "bag.mcap", tmp_path / "out")
    kept = seqs(tmp_path / "out")
    assert 50 < len(kept) < 200
    assert ReplayReader(tmp_path / "out").rows(np.arange(len(kept))).tobytes() == rows[kept].tobytes()


def test_messages_that_are_gone_from_a_live_bag_are_missed(record: Record, tmp_path: Path) -> None:
    """Zeros in an mcap file read as empty records, and a live bag has no checksums."""
    spec = synthetic_spec(48)
    rows = synthetic_episode(spec, 200)
    bag = record("live", step=rows)
    file = next(bag.glob("*.mcap"))
    data = file.read_bytes()
    ends = [data.index(rows[k].tobytes()) + spec.dtype.itemsize + len(b"\x01") for k in (20, 29)]
    file.write_bytes(data[: ends[0]] + bytes(ends[1] - ends[0]) + data[ends[1] :])
    with pytest.raises(RobotRLError, match=r"is damaged: .* 191 can be read \(it should have 200\)"):
        import_bag(bag, tmp_path / "out", spec, META)


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_a_flipped_byte_is_not_imported(
    store: Callable[..., Path], spec: StepSpec, tmp_path: Path, storage: Storage
) -> None:
    path = store(synthetic_episode(spec, 30))
    export_bag(path, tmp_path / "bag", storage=storage)
    file = next(path for path in (tmp_path / "bag").iterdir() if path.suffix in (".mcap", ".db3"))
    data, row = file.read_bytes(), ReplayReader(path).rows([20])[0]
    pixels = data.index(row["image_front"].tobytes())
    file.write_bytes(data[:pixels] + bytes([data[pixels] ^ 1]) + data[pixels + 1 :])
    with pytest.raises(RobotRLError, match="step 20 does not match its checksum"):
        import_bag(tmp_path / "bag", tmp_path / "out")
    assert seqs(tmp_path / "out") == list(range(20))


@pytest.mark.parametrize("name", ["notes.txt", "x.mcap", "x.db3", "folder", "none"])
def test_foreign_things_are_a_sentence(tmp_path: Path, name: str) -> None:
    if name == "folder":
        (tmp_path / name).mkdir()
    elif name != "none":
        (tmp_path / name).write_bytes(b"hello " * 50)
    with pytest.raises(UsageError, match=rf"{name}' is no whole rosbag2 bag|there is no bag") as caught:
        import_bag(tmp_path / name, tmp_path / "out")
    assert "\n" not in str(caught.value) and not (tmp_path / "out").exists()
