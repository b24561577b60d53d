"""Every way that is timed draws the transitions that were written, and the check would see it if one did not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from robot_rl.bench.replay import interleave
from robot_rl.bench.replay_peers import Drawn, Memcpy, Ours, PlainZarr, TorchRL, batch_bytes, check
from robot_rl.bench.replay_stores import write_steps
from robot_rl.core.errors import RobotRLError
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.synthetic import synthetic_spec

BATCH = 256
COUNTED = ("obs_images", "next_images", "obs_proprio", "next_proprio", "action", "reward", "discount")


def silent(done: int, total: int) -> None:
    """Progress that nobody watches."""


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> ReplayReader:
    """Four episodes, two of them terminal."""
    path = tmp_path_factory.mktemp("bench") / "frames.zarr"
    write_steps(path, synthetic_spec(8), 4, silent)
    return ReplayReader(path)


@pytest.mark.parametrize("kind", [Ours, PlainZarr])
def test_it_draws_what_was_written(kind: type[Ours] | type[PlainZarr], reader: ReplayReader) -> None:
    visit(kind(reader, BATCH), reader)


def test_torchrl_draws_what_was_written(reader: ReplayReader, tmp_path: Path) -> None:
    pytest.importorskip("torchrl")
    visit(TorchRL(reader, BATCH, tmp_path / "torchrl", silent), reader)


def visit(way: Ours | PlainZarr | TorchRL, reader: ReplayReader) -> None:
    """Every batch is right, BATCH long, and between them they reach every transition, each with both cameras."""
    visited, ended = set[int](), 0
    for _ in range(25):
        drawn = way.drawn(way.draw())
        check(way, reader.spec)
        assert len(drawn.rows) == BATCH
        assert {name: values.shape for name, values in drawn.then.items()} == {
            "image_wrist": (BATCH, 8, 8, 3),
            "image_front": (BATCH, 8, 8, 3),
            "proprio": (BATCH, 3),
        }
        visited |= set(drawn.rows.tolist())
        ended += int(drawn.terminated.sum())
    assert visited == set(reader.index.transitions.tolist())
    assert ended > 0


def swapped_cameras(drawn: Drawn) -> Drawn:
    now = {**drawn.now, "image_wrist": drawn.now["image_front"], "image_front": drawn.now["image_wrist"]}
    return replace(drawn, now=now)


FAULTS: dict[str, Callable[[Drawn], Drawn]] = {
    "no next observation": lambda d: replace(d, then=d.now),
    "rows in another order": lambda d: replace(d, rows=d.rows[::-1]),
    "another row that looks alike": lambda d: replace(d, rows=d.rows + 251),
    "cameras swapped": swapped_cameras,
    "a pixel": lambda d: replace(
        d, now={**d.now, "image_wrist": d.now["image_wrist"] ^ (np.arange(192) == 99).reshape(8, 8, 3)}
    ),
    "rewards": lambda d: replace(d, reward=np.roll(d.reward, 1)),
    "actions": lambda d: replace(d, action=np.zeros_like(d.action)),
    "a time limit as an end": lambda d: replace(d, terminated=~d.terminated),
    "nothing": lambda d: Drawn(
        d.rows[:0], *({n: v[:0] for n, v in h.items()} for h in (d.now, d.then)), *[d.action[:0]] * 3
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_check_sees(fault: str, reader: ReplayReader, monkeypatch: pytest.MonkeyPatch) -> None:
    way = Ours(reader, BATCH)
    check(way, reader.spec)
    right = way.drawn
    monkeypatch.setattr(way, "drawn", lambda batch: FAULTS[fault](right(batch)))
    with pytest.raises(RobotRLError, match="'ours' drew other transitions"):
        check(way, reader.spec)


def test_all_ways_move_as_many_bytes(reader: ReplayReader) -> None:
    """The size that every figure is divided by is that of the arrays of a batch."""
    size = batch_bytes(reader.spec, BATCH)
    arrays = Ours(reader, BATCH).draw()
    assert size == sum(array.nbytes for name, array in arrays.items() if name in COUNTED)
    copied = Memcpy(size)
    assert {len(block) for block in (*copied._source, *copied._target)} == {size}
    copied._source[:] = np.arange(8)[:, None]
    for turn in range(1, 10):
        copied.draw()
        assert (copied._target[turn % 2] == turn % 8).all()


def test_ways_take_turns(reader: ReplayReader) -> None:
    order = []

    class Recorded(Memcpy):
        def __init__(self, name: str, repeats: int) -> None:
            super().__init__(16)
            self.name, self.repeats = name, repeats

        def draw(self) -> Any:
            order.append(self.name)

    seconds = interleave([Recorded("a", 2), Recorded("b", 1)], reader.spec, 2)
    assert order == ["a", "a", "b", "b", "a", "a", "b", "a", "a", "b"]
    assert {name: len(taken) for name, taken in seconds.items()} == {"a": 4, "b": 2}
