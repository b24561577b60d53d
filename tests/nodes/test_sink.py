"""The receiving end of the step stream: every step once, in order, whatever restarts and whatever the disk does."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import rclpy
from rclpy.context import Context
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from robot_rl.core.errors import RobotRLError
from robot_rl.nodes import convert
from robot_rl.nodes.runner import GraphNode
from robot_rl.nodes.sink import StepSink
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


def test_a_gap_is_counted(node: Node, writer: ReplayWriter) -> None:
    sink, episode = StepSink(node, SPEC, writer), synthetic_episode(SPEC, 6)
    send(sink, episode[[0, 1, 4, 5]])
    assert sink.gaps == 2


def test_steps_that_the_disk_refuses_are_kept_and_written_when_it_takes_them(
    node: Node, writer: ReplayWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink, episode = StepSink(node, SPEC, writer), synthetic_episode(SPEC, 6)
    send(sink, episode[:2])

    def full(record: np.ndarray) -> int:
        raise RobotRLError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(writer, "append", full)
        send(sink, episode[2:5])
        assert writer.committed == 2
    send(sink, episode[5:])
    assert stored(writer) == [(1, n) for n in range(6)] and sink.gaps == 0
