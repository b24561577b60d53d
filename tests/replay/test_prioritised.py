"""Prioritised draws: how often, with which weights, from which pool."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from robot_rl.core.errors import RobotRLError
from robot_rl.core.record import Source, StepSpec
from robot_rl.replay.batch import Batch
from robot_rl.replay.mixed import MixedSampler
from robot_rl.replay.prioritised import FLOOR, PrioritisedSampler
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.sampler import UniformSampler
from robot_rl.replay.synthetic import synthetic_episode


@pytest.fixture
def reader(store: Callable[..., Path], spec: StepSpec) -> ReplayReader:
    """Transitions 0-18 and 20-38; interventions at 5, 6 and 25."""
    episodes = [synthetic_episode(spec, 20, first_seq=20 * k, episode=k) for k in range(2)]
    for episode, rows in zip(episodes, ([5, 6], [5]), strict=True):
        episode["source"][rows] = Source.INTERVENTION
    return ReplayReader(store(*episodes))


def set_errors(sampler: PrioritisedSampler | MixedSampler, errors: dict[int, float], pool: int = 0) -> None:
    rows = np.array(list(errors), np.int64)
    batch = Batch(indices=rows, pool=np.full(len(rows), pool, np.int32))
    sampler.update(batch, np.array(list(errors.values()), np.float32))


def test_frequencies_are_the_priorities(reader: ReplayReader) -> None:
    """Chi-square of 38 cells: mean 37, five standard deviations above is 80; draws by the errors alone are far out."""
    sampler = PrioritisedSampler(reader, seed=3, exponent=0.7)
    rows = reader.index.transitions
    errors = dict(zip(rows.tolist(), np.random.default_rng(1).exponential(1.0, len(rows)).tolist(), strict=True))
    set_errors(_drawn(sampler), errors)
    count = np.bincount(np.concatenate([sampler.sample(50)["indices"].copy() for _ in range(1000)]), minlength=40)
    wanted = (np.array(list(errors.values())) + FLOOR) ** 0.7
    wanted *= 50_000 / wanted.sum()
    assert count[[19, 39]].tolist() == [0, 0]
    assert np.sum((count[rows] - wanted) ** 2 / wanted) < 80.0


def _drawn(sampler: PrioritisedSampler) -> PrioritisedSampler:
    """The sampler, its transitions known."""
    sampler.sample(1)
    return sampler


def test_a_draw_takes_one_from_each_share(reader: ReplayReader) -> None:
    """With equal priorities, 38 draws of 38 transitions take each once; uniform ones would not."""
    rows = reader.index.transitions.tolist()
    assert PrioritisedSampler(reader).sample(38)["indices"].tolist() == rows


def test_weights_undo_the_preference(reader: ReplayReader) -> None:
    """(N P)^-importance over its maximum; with importance 1, weighted frequencies are uniform."""
    sampler = _drawn(PrioritisedSampler(reader, exponent=1.0, importance=1.0))
    set_errors(sampler, dict.fromkeys(range(10), 3.0))
    batch = sampler.sample(4800)
    assert np.unique(batch["weight"][batch["indices"] >= 10]).tolist() == [1.0]
    np.testing.assert_allclose(batch["weight"][batch["indices"] < 10], 1 / (3 + FLOOR), rtol=1e-6)
    mass = np.bincount(batch["indices"], batch["weight"], minlength=40)[reader.index.transitions]
    np.testing.assert_allclose(mass / mass.mean(), 1.0, atol=0.05)


def test_new_transitions_have_the_largest_priority(
    store: Callable[..., Path], spec: StepSpec, reader: ReplayReader
) -> None:
    sampler = _drawn(PrioritisedSampler(reader, exponent=0.5))
    set_errors(sampler, {3: 16.0, 4: 0.0})
    store(synthetic_episode(spec, 5, first_seq=40, episode=2))
    assert sampler.size == 38, "rows count after a refresh"
    sampler.refresh()
    expected = [4.0, FLOOR**0.5, 1.0, 4.0, 4.0, 0.0]
    np.testing.assert_allclose(sampler.priorities(np.array([3, 4, 7, 40, 43, 44])), expected, rtol=1e-6)
    assert {40, 41, 42, 43} <= set(sampler.sample(300)["indices"].tolist())


def test_only_prior_ones_where_asked(reader: ReplayReader) -> None:
    sampler = _drawn(PrioritisedSampler(reader, prior_only=True))
    assert np.bincount(sampler.sample(30)["indices"])[[5, 6, 25]].tolist() == [10, 10, 10]
    set_errors(sampler, {25: 1e6})
    assert np.bincount(sampler.sample(30)["indices"])[25] > 25


def test_same_seed_and_updates_same_batches(reader: ReplayReader) -> None:
    def draws(seed: int) -> list[list[int]]:
        sampler, found = PrioritisedSampler(reader, seed=seed), []
        for k in range(5):
            batch = sampler.sample(8)
            sampler.update(batch, np.arange(8.0) + k)
            found.append(batch["indices"].tolist())
        return found

    assert draws(1) == draws(1)
    assert draws(1) != draws(2)


def test_errors_go_to_the_pool_they_came_from(store: Callable[..., Path], reader: ReplayReader, spec: StepSpec) -> None:
    """Row 5 is in all three pools; each keeps its own priority."""
    demos = ReplayReader(store(synthetic_episode(spec, 11, run_id=9, source=Source.SCRIPTED), name="demos.zarr"))
    pools = [PrioritisedSampler(r, exponent=1.0, prior_only=p) for r, p in ((reader, 0), (demos, 0), (reader, 1))]
    mixed = MixedSampler(pools[0], pools[1:], 0.5)
    mixed.sample(8)
    for pool in range(3):
        set_errors(mixed, {5: 7.0 + pool}, pool)
    assert [float(p.priorities(np.array([5]))[0]) for p in pools] == pytest.approx([7.0, 8.0, 9.0], rel=1e-5)
    batch = mixed.sample(60)
    assert np.bincount(batch["pool"]).sum() == 60 and (batch["pool"] == 0).sum() == 30
    assert batch["weight"].max() == 1.0 and batch["weight"].min() < 0.9


def test_a_mixed_batch_has_one_scale_of_weights(reader: ReplayReader) -> None:
    """With importance 1 the weights of each pool sum to its share, whatever its priorities and its size."""
    pools = [PrioritisedSampler(reader, exponent=1.0, importance=1.0, prior_only=p) for p in (False, True)]
    mixed = MixedSampler(pools[0], pools[1:], 0.5)
    mixed.sample(8)
    set_errors(mixed, dict.fromkeys(range(19), 9.0), pool=0)
    batch = mixed.sample(4000)
    sums = np.bincount(batch["pool"], batch["weight"])
    assert sums[0] / sums[1] == pytest.approx(1.0, rel=0.02)


def test_what_makes_no_priority_is_refused(reader: ReplayReader) -> None:
    sampler = _drawn(PrioritisedSampler(reader))
    before = sampler.priorities(np.arange(40))
    with pytest.raises(RobotRLError, match="finite"):
        set_errors(sampler, {3: 2.0, 4: float("nan")})
    for row in (19, 10_000):
        with pytest.raises(RobotRLError, match="not all transitions"):
            set_errors(sampler, {3: 2.0, row: 1.0})
    assert np.array_equal(sampler.priorities(np.arange(40)), before)


def test_state_of_another_store_keeps_what_is_left(reader: ReplayReader, store: Callable[..., Path]) -> None:
    """Of a longer store the rest is forgotten; from uniform sampling, all is new."""
    sampler = _drawn(PrioritisedSampler(reader, exponent=1.0))
    set_errors(sampler, {3: 9.0, 30: 5.0})
    short = PrioritisedSampler(ReplayReader(store(reader.rows(np.arange(10)), name="short.zarr")), exponent=1.0)
    short.restore(sampler.state())
    np.testing.assert_allclose(short.priorities(np.array([3, 8, 9, 30])), [9.0, 1.0, 0.0, 0.0], rtol=1e-5)
    sampler.restore(UniformSampler(reader).state())
    assert sampler.priorities(np.array([3, 30])).tolist() == [1.0, 1.0]
