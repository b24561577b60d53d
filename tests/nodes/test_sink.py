"""The receiving end of the step stream: every step once, in order, whatever restarts and whatever the disk does."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import rclpy
from rclpy.context import Context
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import PointCloud2

from robot_rl.core.errors import RobotRLError
from robot_rl.nodes import convert, qos
from robot_rl.nodes.runner import GraphNode
from robot_rl.nodes.sink import QUIET_S, RUNS, TAKE_S, StepSink
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.synthetic import synthetic_episode, synthetic_spec
from robot_rl.replay.writer import ReplayWriter

SPEC = synthetic_spec()


@pytest.fixture
def node(free_domain: int) -> Iterator[Node]:
    context = Context()
    rclpy.init(context=context, domain_id=free_domain, signal_handler_options=SignalHandlerOptions.NO)
    node = Node("sink", context=context)
    node.now_ns = lambda: GraphNode.now_ns(node)
    yield node
    node.destroy_node()
    rclpy.try_shutdown(context=context)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[ReplayWriter]:
    with ReplayWriter.open(tmp_path / "s.zarr", SPEC, {"task": "t", "robot": "r"}) as writer:
        yield writer


def send(sink: StepSink, records: np.ndarray) -> None:
    for record in records:
        sink._on_step(convert.step_to_msg(record))


def stored(writer: ReplayWriter) -> list[tuple[int, int]]:
    reader = ReplayReader(writer.path)
    rows = np.arange(len(reader))
    return list(zip(reader.take("run_id", rows).tolist(), reader.take("seq", rows).tolist(), strict=True))


def test_what_comes_twice_is_stored_once(node: Node, writer: ReplayWriter) -> None:
    sink, episode = StepSink(node, SPEC, writer), synthetic_episode(SPEC, 6)
    send(sink, episode)
    send(sink, episode)
    assert stored(writer) == [(1, n) for n in range(6)] and sink.duplicates == 6 and sink.gaps == 0


def test_a_restarted_sink_continues_after_what_is_on_disk(node: Node, writer: ReplayWriter) -> None:
    episode = synthetic_episode(SPEC, 6)
    send(StepSink(node, SPEC, writer), episode[:4])
    again = StepSink(node, SPEC, writer)
    send(again, episode)
    assert stored(writer) == [(1, n) for n in range(6)] and again.duplicates == 4


def test_a_restarted_policy_begins_a_count_of_its_own(node: Node, writer: ReplayWriter) -> None:
    sink = StepSink(node, SPEC, writer)
    send(sink, synthetic_episode(SPEC, 3))
    send(sink, synthetic_episode(SPEC, 3, run_id=2))
    assert stored(writer) == [(1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (2, 2)]


def test_each_writer_is_told_its_own_number_whoever_came_last(node: Node, writer: ReplayWriter) -> None:
    """A straggler of a writer that is gone must not make the living one's steps look unwritten."""
    sink, old, new = StepSink(node, SPEC, writer), synthetic_episode(SPEC, 9), synthetic_episode(SPEC, 5, run_id=2)
    send(sink, old[:3])
    send(sink, new)
    send(sink, old[3:4])
    assert dict(sink.status.committed) == {1: 4, 2: 5}
    assert stored(writer) == [(1, 0), (1, 1), (1, 2), *((2, n) for n in range(5)), (1, 3)] and sink.gaps == 0


def test_only_the_last_writers_are_announced_and_an_early_one_goes_on_where_it_was(
    node: Node, writer: ReplayWriter
) -> None:
    sink, early = StepSink(node, SPEC, writer), synthetic_episode(SPEC, 3, run_id=99)
    send(sink, early[:2])
    for run_id in range(1, RUNS + 1):
        send(sink, synthetic_episode(SPEC, 1, run_id=run_id))
    assert set(sink.status.committed) == set(range(1, RUNS + 1))
    send(sink, early)
    assert sink.status.committed[99] == 3 and (sink.duplicates, sink.gaps) == (2, 0)


def test_a_restarted_sink_that_gets_nothing_new_announces_what_is_on_disk(node: Node, writer: ReplayWriter) -> None:
    episode = synthetic_episode(SPEC, 6)
    send(StepSink(node, SPEC, writer), episode)
    again = StepSink(node, SPEC, writer)
    send(again, episode)
    again._attend()
    assert again._announced == again.status and dict(again.status.committed) == {1: 6}


def test_a_step_of_another_layout_is_refused_aloud_and_holds_up_nobody_else(node: Node, writer: ReplayWriter) -> None:
    sink = StepSink(node, SPEC, writer)
    for record in synthetic_episode(synthetic_spec(8), 3):
        sink._on_step(convert.step_to_msg(record))
    assert sink.misfits == 3 and "image_size" in sink.trouble and sink.status.committed == {}
    send(sink, synthetic_episode(SPEC, 2, run_id=2))
    assert stored(writer) == [(2, 0), (2, 1)] and sink.trouble == ""


def test_a_gap_is_counted(node: Node, writer: ReplayWriter) -> None:
    sink, episode = StepSink(node, SPEC, writer), synthetic_episode(SPEC, 6)
    send(sink, episode[[0, 1, 4, 5]])
    assert sink.gaps == 2


@pytest.mark.parametrize("call", ["append", "commit"])
def test_steps_that_the_disk_refuses_are_kept_and_written_when_it_takes_them(
    node: Node, writer: ReplayWriter, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    seen: list[int] = []
    sink = StepSink(node, SPEC, writer, on_record=lambda record: seen.append(int(record["seq"])))
    episode = synthetic_episode(SPEC, 6)
    send(sink, episode[:2])

    def full(*_: object) -> int:
        raise RobotRLError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(writer, call, full)
        send(sink, episode[2:5])
        assert writer.committed == 2 and sink.trouble == "no space left"
        assert (sink.status.waiting, dict(sink.status.committed)) == (3, {1: 2})
    send(sink, episode[5:])
    assert stored(writer) == [(1, n) for n in range(6)] and sink.gaps == 0
    assert seen == list(range(6)) and sink.trouble == "" and sink.status.waiting == 0


def test_a_sink_at_its_goal_from_the_start_waits_for_policy_nodes_to_be_found(
    node: Node, writer: ReplayWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("robot_rl.nodes.sink.FIND_S", 0.6)
    sink = StepSink(node, SPEC, writer)
    sink.leave(ending=True)
    time.sleep(TAKE_S + 0.05)
    assert not sink.left, "their history may still come"
    time.sleep(0.6)
    assert sink.left


def test_a_sink_that_has_done_its_job_says_so_and_leaves_when_the_stream_is_quiet(
    node: Node, writer: ReplayWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("robot_rl.nodes.sink.FIND_S", 0.0)
    sink = StepSink(node, SPEC, writer)
    assert not sink.status.ending
    sink.leave(ending=True)
    assert sink._announced is not None and sink._announced.ending
    assert not sink.left, "what has been received is still to be taken"
    time.sleep(TAKE_S + 0.05)
    assert sink.left, "nobody publishes steps"
    publisher = node.create_publisher(PointCloud2, "step", qos.STEP)
    deadline = time.monotonic() + 5.0
    while sink.left and time.monotonic() < deadline:
        time.sleep(0.01)
    sink.leave(ending=True)
    send(sink, synthetic_episode(SPEC, 2))
    assert not sink.left, "somebody has just published one"
    time.sleep(QUIET_S + 0.1)
    assert sink.left
    node.destroy_publisher(publisher)
