"""An exported bag as others read it: mcap's own reader, and the message definitions that lie in the bag."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mcap.reader import make_reader
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from robot_rl.core.record import Source, StepSpec
from robot_rl.replay.bags.export import export_bag
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.synthetic import synthetic_episode

NUMBERS = {1: "i1", 2: "u1", 3: "<i2", 4: "<u2", 5: "<i4", 6: "<u4", 7: "<f4", 8: "<f8"}


@pytest.fixture
def path(store: Callable[..., Path], spec: StepSpec) -> Path:
    """A success and a failure."""
    first = synthetic_episode(spec, 7, terminal=True, source=Source.SCRIPTED)
    return store(first, synthetic_episode(spec, 5, first_seq=7, episode=1))


def messages(bag: Path) -> list[tuple[str, int, Any]]:
    """(topic, time, message) as mcap reads them, decoded by the definitions in the file alone."""
    with bag.open("rb") as file:
        reader = make_reader(file, validate_crcs=True)
        summary = reader.get_summary()
        assert summary is not None and summary.statistics is not None
        assert reader.get_header().profile == "ros2"
        store, known = get_typestore(Stores.EMPTY), dict[int, str]()
        for key, schema in summary.schemas.items():
            assert schema.encoding == "ros2msg"
            known[key] = schema.name
            store.register(get_types_from_msg(schema.data.decode(), schema.name))
        found = []
        for schema, channel, message in reader.iter_messages():
            assert channel.message_encoding == "cdr" and schema is not None
            found.append((channel.topic, message.log_time, store.deserialize_cdr(message.data, known[schema.id])))
        assert len(found) == summary.statistics.message_count
        return found


def test_steps_decode_by_what_the_bag_says_of_them(path: Path, tmp_path: Path, spec: StepSpec) -> None:
    export_bag(path, tmp_path / "b.mcap")
    steps = [message for topic, _, message in messages(tmp_path / "b.mcap") if topic == "/step"]
    rows = ReplayReader(path).rows(np.arange(12))
    assert [step.data.tobytes() for step in steps] == [row.tobytes() for row in rows]
    for step, row in zip(steps, rows, strict=True):
        fields = {f.name: f for f in step.fields}
        for name in ("reward", "action", "proprio", "image_front", "is_last"):
            kind, field = NUMBERS[fields[name].datatype], fields[name]
            values = np.frombuffer(step.data, kind, field.count, field.offset)
            assert (values == np.ravel(row[name])).all()
        assert step.header.stamp.sec * 10**9 + step.header.stamp.nanosec == row["stamp_ns"]


def test_plain_topics_say_what_the_steps_hold(path: Path, tmp_path: Path, spec: StepSpec) -> None:
    export_bag(path, tmp_path / "b.mcap", topics=True)
    found = messages(tmp_path / "b.mcap")
    images = {"/camera/wrist/image": 12, "/camera/front/image": 12}
    numbers = {"/proprio": 12, "/action/executed": 10, "/reward": 12}
    steps = {"/step": 12, "/step_checksum": 12, "/step_description": 1}
    assert Counter(topic for topic, _, _ in found) == {**steps, **images, **numbers}
    rows = ReplayReader(path).rows(np.arange(12))
    of = {topic: [m for t, _, m in found if t == topic] for topic in (*images, *numbers)}
    front = of["/camera/front/image"][4]
    assert (front.encoding, front.height, front.width, front.step) == ("rgb8", 4, 4, 12)
    assert (front.data.reshape(4, 4, 3) == rows["image_front"][4]).all()
    assert of["/proprio"][3].name == list(spec.observation.proprio)
    assert (of["/proprio"][3].position == rows["proprio"][3]).all()
    assert of["/action/executed"][6].header.frame_id == "POLICY"  # the first episode's six are scripted
    assert (of["/action/executed"][6].position == [*rows["action"][7], rows["latency"][7]]).all()
    assert of["/reward"][6].position.tolist() == [rows["reward"][5], 1.0, 1.0]
    assert of["/reward"][7].position.tolist() == [0.0, 0.0, 0.0]
    assert [m.header.stamp.nanosec for m in of["/reward"]] == [m.header.stamp.nanosec for m in of["/proprio"]]
