"""A sampler restored from its state goes on as if it had never stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot_rl.core.record import Source, StepSpec
from robot_rl.replay.batch import Batch
from robot_rl.replay.mixed import MixedSampler
from robot_rl.replay.prefetch import Prefetcher
from robot_rl.replay.prioritised import PrioritisedSampler
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.sampler import UniformSampler
from robot_rl.replay.synthetic import synthetic_episode, synthetic_spec
from robot_rl.replay.writer import ReplayWriter

SIZE = 8
KINDS = ("uniform", "prioritised", "mixed", "mixed prioritised")
Sampler = UniformSampler | MixedSampler | Prefetcher


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> list[ReplayReader]:
    """Online (with interventions) and demonstrations."""
    spec, folder, made = synthetic_spec(), tmp_path_factory.mktemp("stores"), []
    for name, source in (("online", Source.POLICY), ("demos", Source.SCRIPTED)):
        with ReplayWriter.open(folder / name, spec, {}) as writer:
            for episode in range(3):
                records = synthetic_episode(spec, 30, first_seq=30 * episode, episode=episode, source=source)
                records["source"][4:7] = Source.INTERVENTION
                writer.append(records)
        made.append(ReplayReader(folder / name))
    return made


def make(readers: list[ReplayReader], kind: str, seed: int, depth: int) -> Sampler:
    online, demos = readers

    def pool(reader: ReplayReader, number: int, prior_only: bool = False) -> UniformSampler:
        chosen = PrioritisedSampler if "prioritised" in kind else UniformSampler
        return chosen(reader, 2, 0.9, seed + number, prior_only=prior_only)

    sampler: UniformSampler | MixedSampler = pool(online, 0)
    if "mixed" in kind:
        sampler = MixedSampler(pool(online, 1), [pool(demos, 2), pool(online, 3, True)], 0.5, seed + 4)
    return Prefetcher(sampler, SIZE, depth) if depth else sampler


def advance(sampler: Sampler, first: int, count: int) -> list[dict[str, np.ndarray]]:
    """`count` rounds of draw and update, as a learner makes them; copies of the batches."""
    found = []
    for number in range(first, first + count):
        batch = sampler.sample(SIZE)
        found.append({name: array.copy() for name, array in batch.items()})
        sampler.update(batch, np.random.default_rng(number).exponential(2.0, SIZE).astype(np.float32))
    return found


def assert_same(got: list[dict[str, np.ndarray]], expected: list[dict[str, np.ndarray]]) -> None:
    for number, (one, other) in enumerate(zip(got, expected, strict=True)):
        for name, array in other.items():
            np.testing.assert_array_equal(one[name], array, err_msg=f"{name} of batch {number}")


@contextmanager
def closing_all() -> Iterator[Callable[[Sampler], Sampler]]:
    """A function to which samplers are given whose threads are to end with the block."""
    added: list[Sampler] = []

    def add(sampler: Sampler) -> Sampler:
        added.append(sampler)
        return sampler

    try:
        yield add
    finally:
        for sampler in added:
            if isinstance(sampler, Prefetcher):
                sampler.close()


@settings(max_examples=60)
@given(st.sampled_from(KINDS), st.integers(0, 3), st.integers(0, 6), st.integers(0, 3), st.integers(0, 1000))
def test_goes_on_exactly(
    readers: list[ReplayReader], kind: str, depth: int, before: int, elsewhere: int, seed: int
) -> None:
    """Also into a sampler that was in use, and twice from one state."""
    with closing_all() as add:
        sampler = add(make(readers, kind, seed, depth))
        advance(sampler, 0, before)
        state = sampler.state()
        expected = advance(sampler, before, 6)
        other = add(make(readers, kind, seed + 99, depth))
        advance(other, 77, elsewhere)
        for _ in range(2):
            other.restore(state)
            assert_same(advance(other, before, 6), expected)
        assert len({tuple(batch["indices"]) for batch in expected}) > 1


@pytest.mark.parametrize("kind", KINDS)
def test_states_can_be_taken_while_a_restored_one_is_still_handed_out(readers: list[ReplayReader], kind: str) -> None:
    """Save, restore, save again at once and after one batch, with other numbers drawn ahead."""
    with closing_all() as add:
        sampler = add(make(readers, kind, 1, 3))
        advance(sampler, 0, 2)
        state = sampler.state()
        expected = advance(sampler, 2, 6)
        second, third = add(make(readers, kind, 2, 3)), add(make(readers, kind, 3, 3))
        second.restore(state)
        third.restore(second.state())
        assert_same(advance(third, 2, 1), expected[:1])
        second.restore(third.state())
        assert_same(advance(second, 3, 5), expected[1:])


@pytest.mark.parametrize("kind", ["uniform", "mixed"])
@pytest.mark.parametrize("depth", [1, 5])
def test_another_depth_goes_on_with_the_same_batches(readers: list[ReplayReader], kind: str, depth: int) -> None:
    with closing_all() as add:
        sampler, other = add(make(readers, kind, 1, 3)), add(make(readers, kind, 2, depth))
        advance(sampler, 0, 2)
        other.restore(sampler.state())
        assert_same(advance(other, 2, 8), advance(sampler, 2, 8))


@pytest.mark.parametrize("kind", [UniformSampler, PrioritisedSampler])
def test_rows_that_arrived_since_do_not_change_what_was_drawn(
    store: Callable[..., Path], spec: StepSpec, kind: type[UniformSampler]
) -> None:
    """Batches drawn ahead before the store grew are handed out after a restart; then new rows count as new."""
    path = store(synthetic_episode(spec, 20))
    with closing(Prefetcher(kind(ReplayReader(path), seed=1), SIZE, 2)) as sampler:
        advance(sampler, 0, 1)
        state = sampler.state()
        store(synthetic_episode(spec, 20, first_seq=20, episode=1))
        expected = advance(sampler, 1, 5)
    with closing(Prefetcher(kind(ReplayReader(path)), SIZE, 2)) as other:
        other.restore(state)
        assert_same(advance(other, 1, 5), expected)


def test_draws_of_rows_that_are_gone_are_made_anew(store: Callable[..., Path], spec: StepSpec) -> None:
    """As where a store is restored from an older copy: nothing is read from behind its end."""
    records = synthetic_episode(spec, 20)
    with closing(Prefetcher(UniformSampler(ReplayReader(store(records))), SIZE, 2)) as sampler:
        advance(sampler, 0, 1)
        state = sampler.state()
    short = ReplayReader(store(records[:5], name="short.zarr"))
    with closing(Prefetcher(UniformSampler(short), SIZE, 2)) as other:
        other.restore(state)
        assert all(batch["indices"].max() < 4 for batch in advance(other, 1, 5))


def test_plain_state_serves_a_prefetcher(readers: list[ReplayReader]) -> None:
    """Prefetch may be switched on between two runs."""
    plain = make(readers, "mixed", 1, 0)
    advance(plain, 0, 3)
    with closing(make(readers, "mixed", 2, 2)) as ahead:
        ahead.restore(plain.state())
        assert_same(advance(ahead, 3, 4), advance(plain, 3, 4))


def test_other_sizes_are_drawn_anew(readers: list[ReplayReader]) -> None:
    """The batch size may change between two runs."""
    with closing(make(readers, "uniform", 1, 2)) as ahead:
        advance(ahead, 0, 1)
        with closing(Prefetcher(UniformSampler(readers[0]), 5, 2)) as other:
            other.restore(ahead.state())
            assert isinstance(other.sample(5), Batch)
