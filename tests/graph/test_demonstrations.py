"""Stores and bags that a graph learns from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from robot_rl.config.nodes import RigConfig
from robot_rl.core.errors import RobotRLError
from robot_rl.core.record import StepSpec
from robot_rl.graph import build
from robot_rl.graph.model import Graph
from robot_rl.graph.session import prepare
from robot_rl.replay.bags.export import export_bag
from robot_rl.replay.bags.messages import step_message
from robot_rl.replay.bags.writing import reliable, writing
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.synthetic import synthetic_episode
from robot_rl.replay.writer import ReplayWriter
from robot_rl.robot.spec import load_robot, step_spec

SPEC = step_spec(RigConfig(), load_robot("fr3_sim"))
META = {"task": "reach", "robot": "fr3_sim"}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def store(name: str, run_id: int = 1, spec: StepSpec = SPEC) -> Path:
    """A store of one episode of 5 steps."""
    with ReplayWriter.open(name, spec, META) as writer:
        writer.append(synthetic_episode(spec, 5, run_id=run_id))
    return Path(name)


def live(name: str, spec: StepSpec = SPEC, topic: str = "step") -> Path:
    """A bag as `ros2 bag record` leaves it: nothing in it says what the steps are of."""
    with writing(Path(name), "mcap") as bag:
        bag.add_topic(topic, "sensor_msgs/msg/PointCloud2", reliable(1000, latched=True))
        for k, row in enumerate(synthetic_episode(spec, 5, run_id=9)):
            bag.write(topic, k * 10**8, step_message(row))
    return Path(name)


def learn(demos: str) -> Graph:
    """The learn graph, prepared."""
    graph = build("learn", {"run": "a", "demos": demos})
    prepare(graph)
    return graph


def run_ids(graph: Graph) -> list[int]:
    """Whose steps each of the learner's stores holds."""
    readers = [ReplayReader(path) for path in graph.node("learner").parameters["demos"]]
    return [int(reader.rows([0])["run_id"][0]) for reader in readers]


def test_stores_and_bags_of_every_form_are_read_in_their_order() -> None:
    for number, name in ((2, "c.mcap"), (3, "d.db3"), (4, "folder.bag")):
        export_bag(store(f"{number}.zarr", number), name)
    live("e")
    graph = learn(f"{store('a.zarr')},c.mcap,d.db3,folder.bag,e")
    assert run_ids(graph) == [1, 2, 3, 4, 9]
    assert graph.node("learner").parameters["demos"][0] == str(Path("a.zarr").absolute())


def test_a_bag_is_imported_once_and_anew_where_it_has_changed() -> None:
    bag = export_bag_of(1)
    (imported,) = learn("b.mcap").node("learner").parameters["demos"]
    assert Path(imported).is_relative_to(Path("runs", "a").absolute())
    before = os.stat(imported).st_mtime_ns
    assert learn("b.mcap").node("learner").parameters["demos"] == [imported]
    assert os.stat(imported).st_mtime_ns == before
    bag.unlink()
    export_bag_of(2)
    assert run_ids(learn("b.mcap")) == [2]


def export_bag_of(run_id: int) -> Path:
    export_bag(store(f"{run_id}.zarr", run_id), "b.mcap")
    return Path("b.mcap")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Path("x").mkdir(), "x is neither a replay store nor a bag: give"),
        (lambda: Path("x").write_text("no bag"), "'x' is no whole rosbag2 bag"),
        (lambda: live("x", topic="other"), "bag 'x' has no topic 'step'"),
        (lambda: live("x", step_spec(RigConfig(image_size=32), load_robot("fr3_sim"))), "differs in image_front"),
        (lambda: live("x", step_spec(RigConfig(cameras=("top",)), load_robot("fr3_sim"))), "differs in .*image_top"),
    ],
)
def test_what_cannot_be_learned_from_is_one_sentence_and_leaves_nothing(make, message: str) -> None:
    make()
    with pytest.raises(RobotRLError, match=message) as caught:
        learn("x")
    assert "demos" in str(caught.value) and "\n" not in str(caught.value)
    imported = Path("runs", "a", "imported")
    assert not imported.exists() or not list(imported.iterdir())
