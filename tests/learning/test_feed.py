"""A learner with priorities and prefetch: exact resume, errors that come back, and a thread that ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from robot_rl.config.learning import LearnerConfig, SACConfig
from robot_rl.core.errors import RobotRLError
from robot_rl.core.record import Source, StepSpec
from robot_rl.learning.compute import allocator
from robot_rl.learning.feed import make_sampler
from robot_rl.learning.learner import Learner
from robot_rl.learning.training import Training
from robot_rl.replay.mixed import MixedSampler
from robot_rl.replay.prefetch import Prefetcher
from robot_rl.replay.prioritised import PrioritisedSampler
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.synthetic import synthetic_episode
from robot_rl.replay.writer import ReplayWriter

CPU = torch.device("cpu")


@pytest.fixture
def settings(config: SACConfig) -> LearnerConfig:
    return LearnerConfig(sac=config, batch_size=8, start_steps=0, device="cpu", n_step=2, publish_every=5)


@pytest.fixture
def writer(tmp_path: Path, spec: StepSpec) -> Iterator[ReplayWriter]:
    """An online store of 30 transitions, beside a store of demonstrations."""
    with ReplayWriter.open(tmp_path / "demos", spec, {}) as demos:
        demos.append(scaled(synthetic_episode(spec, 11, source=Source.SCRIPTED)))
    with ReplayWriter.open(tmp_path / "online", spec, {}) as writer:
        writer.append(scaled(synthetic_episode(spec, 31)))
        writer.commit()
        yield writer


@pytest.fixture
def readers(writer: ReplayWriter, tmp_path: Path) -> tuple[ReplayReader, ReplayReader]:
    return ReplayReader(tmp_path / "online"), ReplayReader(tmp_path / "demos")


Readers = tuple[ReplayReader, ReplayReader]


def scaled(records: np.ndarray) -> np.ndarray:
    """The records with rewards of different sizes in [0, 1]."""
    records["reward"] = (records["seq"] * 7 % 10) / 10
    return records


def make(settings: LearnerConfig, readers: Readers) -> Learner:
    return Learner.from_stores(settings, readers[0], [readers[1]])


def until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 30.0
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def prefetching() -> bool:
    return any(thread.name.startswith("prefetch") for thread in threading.enumerate())


@pytest.mark.parametrize("exponent", [0.0, 0.6])
@pytest.mark.parametrize("prefetch", [0, 2])
def test_resume_is_bit_identical(
    settings: LearnerConfig, readers: Readers, tmp_path: Path, exponent: float, prefetch: int
) -> None:
    settings = replace(settings, priority_exponent=exponent, prefetch=prefetch)
    with closing(make(settings, readers)) as learner, closing(make(replace(settings, seed=9), readers)) as resumed:
        for _ in range(6):
            learner.step()
        learner.save(tmp_path / "checkpoints")
        expected = [learner.step() for _ in range(6)]
        resumed.step()
        assert resumed.restore(tmp_path / "checkpoints")
        assert [resumed.step() for _ in range(6)] == expected
        assert resumed.weights() == learner.weights()


def test_prefetch_changes_no_update(settings: LearnerConfig, readers: Readers) -> None:
    runs = []
    for depth in (0, 3):
        with closing(make(replace(settings, prefetch=depth), readers)) as learner:
            runs.append([learner.step() for _ in range(5)])
    assert runs[0] == runs[1]


@pytest.mark.parametrize("prefetch", [0, 1])
def test_errors_become_priorities_in_each_pool(settings: LearnerConfig, readers: Readers, prefetch: int) -> None:
    """After an update the drawn transitions have |TD error|^exponent; the learner's own figures say which."""
    with closing(make(replace(settings, priority_exponent=1.0, prefetch=prefetch), readers)) as learner:
        sampler = learner._sampler
        kept: list[dict[str, np.ndarray]] = []

        def sample(size: int) -> dict[str, np.ndarray]:
            batch = type(sampler).sample(sampler, size)
            kept.append({name: batch[name].copy() for name in ("indices", "pool")})
            return batch

        sampler.sample = sample  # type: ignore[method-assign]
        learner.step()
        learner.close()
        mixed = sampler._sampler if isinstance(sampler, Prefetcher) else sampler
        assert isinstance(mixed, MixedSampler)
        errors = learner.agent.td_errors
        assert errors.shape == (8,) and errors.std() > 0.0
        for pool, source in ((0, mixed.online), (1, mixed.prior[0])):
            assert isinstance(source, PrioritisedSampler)
            rows, mine = kept[-1]["indices"], kept[-1]["pool"] == pool
            for row in np.unique(rows[mine]):
                last = errors[np.flatnonzero(mine & (rows == row))[-1]]
                assert source.priorities(np.array([row]))[0] == pytest.approx(last, abs=2e-6)


def test_uniform_and_alone_by_default(settings: LearnerConfig, readers: Readers) -> None:
    sampler = make_sampler(settings, CPU, *[readers[0], [readers[1]]])
    assert isinstance(sampler, MixedSampler) and not isinstance(sampler.online, PrioritisedSampler)


def test_training_with_prefetch_sees_growth_and_ends_its_thread(
    settings: LearnerConfig, writer: ReplayWriter, readers: Readers, tmp_path: Path
) -> None:
    learner = make(replace(settings, prefetch=2, utd=0.5, priority_exponent=0.6), readers)
    training = Training(learner, tmp_path / "checkpoints")
    training.start()
    try:
        assert until(lambda: training.updates == 15), "half of 30"
        writer.append(scaled(synthetic_episode(writer.spec, 31, first_seq=31, episode=1)))
        writer.commit()
        assert until(lambda: training.updates == 30 or training.failure is not None)
        assert learner.env_steps == 60
        assert prefetching()
    finally:
        training.halt()
    assert training.failure is None
    assert not prefetching()
    learner.save(tmp_path / "checkpoints")


def test_failure_of_prefetch_ends_training(
    settings: LearnerConfig, writer: ReplayWriter, readers: Readers, tmp_path: Path
) -> None:
    """Also while no update is due: the commit record of the store is gone."""
    learner = make(replace(settings, prefetch=2, utd=0.0), readers)
    training = Training(learner, tmp_path / "checkpoints")
    training.start()
    (tmp_path / "online" / "commit" / "c.0.0").write_bytes(b"")
    assert until(lambda: training.failure is not None)
    assert isinstance(training.failure, RobotRLError) and "commit record" in str(training.failure)
    training.halt()
    assert not prefetching()
    learner.save(tmp_path / "checkpoints")


def test_memory_is_page_locked_for_cuda_alone() -> None:
    assert allocator(CPU) is np.zeros
    if torch.cuda.is_available():
        array = allocator(torch.device("cuda"))((2, 3), np.dtype(np.uint8))
        assert (array.shape, array.dtype) == ((2, 3), np.uint8) and not array.any()
        assert torch.from_numpy(array[:, 1:]).is_pinned()
