"""Where episodes of a recording begin and end, what they earned, and what gives no step."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from rosbags.typesys.stores import ros2_jazzy as ros

from robot_rl.config.nodes import RigConfig
from robot_rl.replay.bags.export import export_bag
from robot_rl.replay.bags.inlet import Imported
from robot_rl.replay.bags.messages import header, vector_message
from robot_rl.replay.bags.plain import PlainOptions, import_plain
from robot_rl.replay.bags.reading import BagReader
from robot_rl.replay.reader import Episode, ReplayReader
from robot_rl.robot.spec import step_spec

META = {"task": "reach", "robot": "fr3_sim"}
START, PERIOD = 5_000_000_000, 100_000_000
BOOL, INT, EMPTY = (getattr(ros, f"std_msgs__msg__{name}") for name in ("Bool", "Int32", "Empty"))
Import = Callable[..., tuple[Imported, np.ndarray, list[Episode]]]


@pytest.fixture
def import_it(taught: Any, topics: Any, names: Any, record: Callable[..., Path], tmp_path: Path) -> Import:
    """Import the topics as they are by then: the account, the rows and the episodes."""

    def run(**options: Any) -> tuple[Imported, np.ndarray, list[Episode]]:
        spec, named = options.pop("spec", taught.spec), options.pop("names", names)
        robot = options.pop("robot", taught.robot)
        done = import_plain(record(topics), tmp_path / "out", spec, META, robot, named, PlainOptions(**options))
        reader = ReplayReader(tmp_path / "out")
        return done, reader.rows(np.arange(len(reader))), reader.episodes()

    return run


def at(tick: int) -> int:
    """Stamp of an observation."""
    return START + tick * PERIOD


def test_a_gap_cuts_the_episode(topics: Any, import_it: Import) -> None:
    topics.change("/front/image_raw", lambda items: items[:3] + items[6:])
    done, rows, episodes = import_it()
    assert [(e.length, e.complete, e.terminal) for e in episodes] == [(3, True, False), (2, True, False)]
    assert +done.left_out == {"source 'front' is older than 0.15 s": 2}  # the tick at 3 sees the image of tick 2
    assert rows["age"][3, 1] == pytest.approx(0.1)
    assert rows["episode"].tolist() == [0] * 4 + [1] * 3


def test_ticks_before_the_first_command_are_left_out(topics: Any, taught: Any, import_it: Import) -> None:
    topics.change("/arm/command", lambda items: items[10:])
    done, rows, _ = import_it()
    assert +done.left_out == {"before the first command": 2}
    assert rows["stamp_ns"][0] == at(2)
    assert rows["action"][1:-1] == pytest.approx(taught.actions[3:], abs=1e-5)
    # Where it was commanded before is not known: the first action starts from where the arm was.
    assert rows["action"][0, :3] == pytest.approx(taught.actions[2, :3], abs=0.15)


def test_success_for_every_episode(import_it: Import) -> None:
    _, rows, episodes = import_it(success=True)
    assert [(e.success, e.terminal, e.reward_sum) for e in episodes] == [(True, True, 1.0)]
    assert rows["reward"].tolist() == [0.0] * 7 + [1.0, 0.0] and rows["success"].tolist() == [0] * 8 + [1]


def test_success_by_topic_ends_the_episode(topics: Any, renamed: Any, import_it: Import) -> None:
    said = [(at(1), BOOL(False)), (at(4) - 30_000_000, BOOL(True)), (at(6), BOOL(True))]
    topics.add("/done", "std_msgs/msg/Bool", said)
    done, rows, episodes = import_it(names=renamed(success="/done"))
    assert [(e.length, e.success, e.terminal) for e in episodes] == [(4, True, True)]
    assert rows["reward"].tolist() == [0.0, 0.0, 0.0, 1.0, 0.0]
    assert +done.left_out == {"after the episode's end": 4}


def test_rewards_by_topic_count_for_the_transition_that_led_there(topics: Any, renamed: Any, import_it: Import) -> None:
    outcome = ("success", "terminated", "reward")
    said = [(at(k), vector_message(outcome, (0.0, k == 7, k / 10), at(k))) for k in range(9) if k != 3]
    topics.add("/judge/reward", "sensor_msgs/msg/JointState", said)
    _, rows, episodes = import_it(names=renamed(reward="reward"))
    assert rows["reward"] == pytest.approx([0.1, 0.2, 0.0, 0.4, 0.5, 0.6, 0.7, 0.0])
    assert [(e.length, e.success, e.terminal) for e in episodes] == [(7, False, True)]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("std_msgs/msg/Bool", [(0, BOOL(True)), (3, BOOL(False)), (5, BOOL(True)), (6, BOOL(True))]),
        ("std_msgs/msg/Int32", [(0, INT(4)), (3.5, INT(-1)), (5, INT(7)), (5.5, INT(7))]),
    ],
)
def test_episodes_by_topic(topics: Any, renamed: Any, import_it: Import, kind: str, said: list[Any]) -> None:
    topics.add("/episode", kind, [(START + round(k * PERIOD), message) for k, message in said])
    _, rows, episodes = import_it(names=renamed(episode="episode"), success=True)
    assert [(e.length, e.success) for e in episodes] == [(3, True), (3, True)]
    assert rows["stamp_ns"].tolist() == [at(k) for k in (0, 1, 2, 3, 5, 6, 7, 8)]


def test_an_empty_message_begins_each_episode(topics: Any, renamed: Any, import_it: Import) -> None:
    topics.add("/episode", "std_msgs/msg/Empty", [(at(k), EMPTY()) for k in (1, 4, 8)])
    done, rows, episodes = import_it(names=renamed(episode="episode"))
    assert [e.length for e in episodes] == [2, 3]
    assert rows["stamp_ns"].tolist() == [at(k) for k in (1, 2, 3, 4, 5, 6, 7)]
    assert +done.left_out == {"an episode of one observation": 1}


def test_images_are_resized_by_area(taught: Any, import_it: Import) -> None:
    spec = step_spec(RigConfig(image_size=16), taught.robot)
    small = dataclasses.replace(spec, observation=dataclasses.replace(spec.observation, image_height=8, image_width=8))
    _, rows, _ = import_it(spec=small)
    blocks = taught.images[2][1]["wrist"].reshape(8, 2, 8, 2, 3).astype(float).mean(axis=(1, 3))
    assert np.abs(rows["image_wrist"][2] - blocks).max() <= 0.5


def test_compressed_images(topics: Any, taught: Any, import_it: Import) -> None:
    frames = []
    for stamp, images in taught.images:
        done, data = cv2.imencode(".png", images["wrist"][:, :, ::-1])
        assert done
        frames.append((stamp, ros.sensor_msgs__msg__CompressedImage(header(stamp), "png", data.reshape(-1))))
    topics.add("/wrist/image_raw", "sensor_msgs/msg/CompressedImage", frames)
    _, rows, _ = import_it()
    assert (rows["image_wrist"][4] == taught.images[4][1]["wrist"]).all()


@pytest.mark.parametrize("damage", ["encoding", "png"])
def test_an_image_that_cannot_be_read_cuts_the_episode(
    topics: Any, import_it: Import, damage: str, taught: Any
) -> None:
    kind, frames = topics.tracks["/wrist/image_raw"]
    if damage == "png":
        whole = cv2.imencode(".png", taught.images[0][1]["wrist"])[1].reshape(-1)
        data = [whole if k != 4 else whole[:20] for k in range(9)]
        kind = "sensor_msgs/msg/CompressedImage"
        frames = [
            (t, ros.sensor_msgs__msg__CompressedImage(header(t), "png", d))
            for (t, _), d in zip(frames, data, strict=True)
        ]
        topics.add("/wrist/image_raw", kind, frames)
    else:
        frames[4][1].encoding = "16UC1"
    done, _, episodes = import_it()
    assert [e.length for e in episodes] == [3, 3]
    assert +done.left_out == {"image that cannot be read": 1}


def test_actions_beyond_full_scale_are_clipped_and_told(taught: Any, import_it: Import) -> None:
    action = dataclasses.replace(taught.robot.action, translation=0.01)
    done, rows, _ = import_it(robot=dataclasses.replace(taught.robot, action=action))
    beyond = np.abs(taught.actions[:, :3]).max(axis=1) > 1 / 3
    assert done.clipped == beyond.sum() > 0
    expected = np.clip(3 * taught.actions[:, :3], -1, 1)
    assert rows["action"][:-1, :3] == pytest.approx(expected, abs=1e-4)


def test_unusable_messages_are_counted(topics: Any, import_it: Import) -> None:
    def spoil(items: list[Any]) -> list[Any]:
        items[7][1].name[0] = "elsewhere"
        items[11][1].velocity = np.zeros(2)
        items[12][1].position[3] = np.nan
        return items

    topics.change("/arm/joint_states", spoil)
    topics.tracks["/arm/command"][1][3][1].data = np.zeros(6)
    done, rows, _ = import_it()
    assert len(rows) == 9
    assert sorted(done.left_out.items()) == [
        ("command: joint command of 6 values for 7 joints", 1),
        ("joint_states: joint states hold 2 velocities for 8 joints", 1),
        ("joint_states: joint states with NaN or infinity", 1),
        ("joint_states: message lacks fr3_finger_joint1 among 8 names: check its publisher", 1),
    ]


def test_plain_topics_of_an_exported_store_are_its_rewards_and_images(
    topics: Any, renamed: Any, import_it: Import, tmp_path: Path
) -> None:
    """What `export --topics` writes, judged by `import`'s own meaning of rewards."""
    topics.add("/done", "std_msgs/msg/Bool", [(at(5), BOOL(True))])
    _, rows, _ = import_it(names=renamed(success="/done"))
    export_bag(tmp_path / "out", tmp_path / "exported", topics=True)
    with BagReader(tmp_path / "exported") as reader:
        said = [message.decode().position.tolist() for message in reader.messages(["/reward"])]
    assert said == [[0.0, 0.0, 0.0]] * 5 + [[1.0, 1.0, 1.0]] and len(rows) == 6
