"""Drawing ahead changes when batches are drawn, not what they hold; failures reach the consumer."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from robot_rl.core.errors import RobotRLError, UsageError
from robot_rl.core.record import StepSpec
from robot_rl.replay.batch import Batch
from robot_rl.replay.prefetch import Prefetcher
from robot_rl.replay.prioritised import PrioritisedSampler
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.sampler import UniformSampler
from robot_rl.replay.synthetic import synthetic_episode

SIZE = 8


@pytest.fixture
def reader(store: Callable[..., Path], spec: StepSpec) -> ReplayReader:
    return ReplayReader(store(*(synthetic_episode(spec, 20, first_seq=20 * k, episode=k) for k in range(3))))


def until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 30.0
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.001)
    return condition()


@pytest.mark.parametrize("depth", [1, 3])
def test_batches_are_those_of_the_sampler(reader: ReplayReader, depth: int) -> None:
    """In order, and untouched while in use although the thread draws on."""
    plain = UniformSampler(reader, 2, seed=5, stack=2)
    sampler = UniformSampler(reader, 2, seed=5, stack=2)
    with closing(Prefetcher(sampler, SIZE, depth)) as ahead:
        for _ in range(10):
            expected, batch = plain.sample(SIZE), ahead.sample(SIZE)
            assert until(lambda: all(asked.done() for asked in ahead._asked)), "all that is ahead is drawn"
            assert batch.keys() == expected.keys()
            for name, array in expected.items():
                np.testing.assert_array_equal(batch[name], array)


def test_memory_is_used_again_and_comes_from_the_caller(reader: ReplayReader) -> None:
    made: list[np.ndarray] = []

    def allocate(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        made.append(np.zeros(shape, dtype))
        return made[-1]

    with closing(Prefetcher(UniformSampler(reader, allocate=allocate), SIZE, 2)) as ahead:
        seen = {id(ahead.sample(SIZE)["obs_images"]) for _ in range(12)}
        assert len(seen) == 3, "one in use, two ahead"
        assert len(made) == 3 * len(ahead.sample(SIZE))


def test_updates_count_from_a_fixed_draw_on(reader: ReplayReader) -> None:
    """As if drawn at once, `depth` batches before the update came: the pace of the thread does not matter."""

    def draws(pause_s: float) -> list[list[int]]:
        found = []
        with closing(Prefetcher(PrioritisedSampler(reader, seed=2, exponent=1.0), SIZE, 2)) as ahead:
            for k in range(12):
                batch = ahead.sample(SIZE)
                time.sleep(pause_s)
                errors = np.arange(SIZE) ** 2.0 + k
                ahead.update(batch, errors)
                errors[:] = 0.0
                found.append(batch["indices"].tolist())
        return found

    sampler, found, late = PrioritisedSampler(reader, seed=2, exponent=1.0), [], []
    for k in range(12):
        batch = sampler.sample(SIZE)
        found.append(batch["indices"].tolist())
        late.append(Batch(indices=batch["indices"].copy()))
        if k >= 2:
            sampler.update(late[k - 2], np.arange(SIZE) ** 2.0 + k - 2)
    assert draws(0.0) == draws(0.005) == found


class Failing(UniformSampler):
    """Fails at its third draw."""

    draws = 0

    def fill(self, batch: Batch) -> None:
        self.draws += 1
        if self.draws == 3:
            raise OSError("the cable is out")
        super().fill(batch)


def test_a_failure_reaches_the_consumer_at_once_with_its_cause(reader: ReplayReader) -> None:
    with closing(Prefetcher(Failing(reader), SIZE, 4)) as ahead:
        with pytest.raises(RobotRLError, match="ahead failed: the cable is out") as raised:
            [ahead.sample(SIZE) for _ in range(3)]
        assert isinstance(raised.value.__cause__, OSError)
        for call in (lambda: ahead.sample(SIZE), ahead.refresh, lambda: ahead.update(Batch(), np.zeros(0))):
            with pytest.raises(RobotRLError, match="the cable is out"):
                call()
        assert len(ahead.state()["ready"]["indices"]) <= 2, "a checkpoint can still be made"


def test_a_failure_of_an_update_or_a_refresh_counts_as_well(reader: ReplayReader) -> None:
    ahead = Prefetcher(PrioritisedSampler(reader), SIZE, 1)
    ahead.update(ahead.sample(SIZE), np.full(SIZE, np.nan))
    assert until(lambda: ahead._failure is not None)
    with pytest.raises(RobotRLError, match="finite"):
        ahead.sample(SIZE)
    ahead.close()
    reader.close()
    with closing(Prefetcher(UniformSampler(reader), SIZE, 1)) as ahead:
        ahead.refresh()
        assert until(lambda: ahead._failure is not None)
        with pytest.raises(RobotRLError):
            ahead.refresh()


def test_nothing_to_draw_is_a_sentence(store: Callable[..., Path]) -> None:
    with closing(Prefetcher(UniformSampler(ReplayReader(store())), SIZE, 1)) as ahead:
        with pytest.raises(RobotRLError, match="record steps first"):
            ahead.sample(SIZE)
        with pytest.raises(UsageError, match="a batch of 3 was asked for, 8 are"):
            ahead.sample(3)
    with pytest.raises(UsageError, match="depth is 0"):
        Prefetcher(UniformSampler(ReplayReader(store())), SIZE, 0)


def test_close_ends_the_thread(reader: ReplayReader) -> None:
    def names() -> list[str]:
        return [thread.name for thread in threading.enumerate() if thread.name.startswith("prefetch")]

    before = names()
    ahead = Prefetcher(UniformSampler(reader), SIZE, 2)
    assert names() == before, "none before it is needed"
    ahead.sample(SIZE)
    assert len(names()) == len(before) + 1
    ahead.close()
    ahead.close()
    assert names() == before
    assert len(ahead.state()["ready"]["indices"]) == 2


# Appends episodes of 10 rows, a few at a time, until there are as many as asked for.
WRITER = """
import sys, time
from robot_rl.replay.synthetic import synthetic_episode, synthetic_spec
from robot_rl.replay.writer import ReplayWriter
meta = {"task": "reach", "robot": "fr3_sim"}
with ReplayWriter.open(sys.argv[1], synthetic_spec(), meta) as writer:
    for episode in range(1, int(sys.argv[2])):
        for record in synthetic_episode(writer.spec, 10, first_seq=10 * episode, episode=episode):
            writer.append(record)
            writer.commit()
        time.sleep(0.001)
"""


@pytest.fixture
def growing(store: Callable[..., Path], spec: StepSpec) -> Iterator[tuple[ReplayReader, subprocess.Popen[bytes]]]:
    """A store of one episode (tiny chunks, so that maps move) to which another process adds 60."""
    path = store(synthetic_episode(spec, 10))
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path), "61"]) as writer:
        yield ReplayReader(path), writer


@pytest.mark.parametrize("kind", [UniformSampler, PrioritisedSampler])
def test_a_store_that_another_process_grows(
    growing: tuple[ReplayReader, subprocess.Popen[bytes]], kind: type[UniformSampler]
) -> None:
    """Every batch is whole while rows arrive, and the newest rows are drawn in the end."""
    reader, writer = growing
    newest, sizes = 0, set()
    with closing(Prefetcher(kind(reader, stack=2), 64, 2)) as ahead:
        deadline = time.monotonic() + 60.0
        while newest < 608 and time.monotonic() < deadline:
            batch = ahead.sample(64)
            rows = batch["indices"]
            assert (rows % 10 != 9).all()
            np.testing.assert_array_equal(batch["obs_proprio"][:, 1, 0], rows)
            np.testing.assert_array_equal(batch["obs_proprio"][:, 0, 0], np.maximum(rows - 1, rows // 10 * 10))
            np.testing.assert_array_equal(batch["next_proprio"][:, 1, 0], rows + 1)
            np.testing.assert_array_equal(batch["next_images"][:, 1, 1, 0, 0, 0], ((rows + 1) * 7 + 1) % 251)
            newest, _ = max(newest, int(rows.max())), sizes.add(ahead.steps)
    assert newest == 608
    assert len(sizes) > 2 and max(sizes) == 9 * 61
    assert writer.wait() == 0
