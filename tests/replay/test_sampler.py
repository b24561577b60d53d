"""Determinism, buffers, refusals and the mixing of pools."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from robot_rl.core.errors import RobotRLError, SchemaError, UsageError
from robot_rl.core.record import Source, StepSpec
from robot_rl.replay.batch import Batch
from robot_rl.replay.mixed import MixedSampler
from robot_rl.replay.prioritised import PrioritisedSampler
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.sampler import ChangeCost, UniformSampler
from robot_rl.replay.synthetic import synthetic_episode, synthetic_spec
from robot_rl.replay.writer import ReplayWriter


@pytest.fixture
def online(store: Callable[..., Path], spec: StepSpec) -> ReplayReader:
    """50 rows of policy steps, with interventions in rows 20-24."""
    records = synthetic_episode(spec, 50)
    records["source"][20:25] = Source.INTERVENTION
    return ReplayReader(store(records))


@pytest.fixture
def demos(store: Callable[..., Path], spec: StepSpec) -> ReplayReader:
    return ReplayReader(store(synthetic_episode(spec, 11, run_id=9, source=Source.SCRIPTED), name="demos.zarr"))


def test_shapes_and_types(online: ReplayReader) -> None:
    batch = UniformSampler(online).sample(6)
    described = {name: (array.shape, array.dtype.name) for name, array in batch.items()}
    assert described == {
        "obs_images": ((6, 2, 4, 4, 3), "uint8"),
        "next_images": ((6, 2, 4, 4, 3), "uint8"),
        "obs_proprio": ((6, 3), "float32"),
        "next_proprio": ((6, 3), "float32"),
        "action": ((6, 2), "float32"),
        "reward": ((6,), "float32"),
        "discount": ((6,), "float32"),
        "weight": ((6,), "float32"),
        "indices": ((6,), "int64"),
        "next_indices": ((6,), "int64"),
        "pool": ((6,), "int32"),
        "source": ((6,), "uint8"),
    }
    assert batch["obs_images"][:, 1].flags.c_contiguous
    assert (batch["weight"] == 1.0).all()


def test_histories_have_an_axis_and_contiguous_frames(online: ReplayReader) -> None:
    batch = UniformSampler(online, stack=3).sample(6)
    for when in ("obs", "next"):
        images, proprio = batch[f"{when}_images"], batch[f"{when}_proprio"]
        assert (images.shape, proprio.shape) == ((6, 3, 2, 4, 4, 3), (6, 3, 3))
        assert all(images[:, k, c].flags.c_contiguous for k in range(3) for c in range(2))
        assert all(proprio[:, k].flags.c_contiguous for k in range(3))


def test_history_begins_with_the_episodes_first_observation(store: Callable[..., Path], spec: StepSpec) -> None:
    """Oldest first; before row 5, the second episode's first, there is row 5 again, never row 4."""
    records = np.concatenate([synthetic_episode(spec, 5), synthetic_episode(spec, 5, first_seq=5, episode=1)])
    sampler = UniformSampler(ReplayReader(store(records)), n_step=2, stack=3)
    batch = sampler.allocate(2)
    sampler.gather(np.array([5, 8]), batch)
    np.testing.assert_array_equal([batch["indices"], batch["next_indices"]], [[5, 8], [7, 9]])
    for when, rows in (("obs", [[5, 5, 5], [6, 7, 8]]), ("next", [[5, 6, 7], [7, 8, 9]])):
        np.testing.assert_array_equal(batch[f"{when}_proprio"], records["proprio"][rows])
        np.testing.assert_array_equal(batch[f"{when}_images"][:, :, 1], records["image_front"][rows])


@pytest.mark.parametrize("make", [UniformSampler, PrioritisedSampler])
def test_what_a_person_rescues_is_no_merit_of_the_policy_but_what_follows_them_is_theirs(
    make: type[UniformSampler], store: Callable[..., Path], spec: StepSpec
) -> None:
    """A person acts in rows 3 and 4, and all reward comes in rows 4 and 5: discount 0.5, three steps."""
    records = synthetic_episode(spec, 8)
    records["source"][3:5] = Source.INTERVENTION
    records["reward"] = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0]
    sampler = make(ReplayReader(store(records)), n_step=3, discount=0.5)
    batch = sampler.allocate(6)
    sampler.gather(np.arange(6), batch)
    np.testing.assert_array_equal(batch["next_indices"], [3, 3, 3, 6, 7, 7])
    np.testing.assert_allclose(batch["reward"], [0.0, 0.0, 0.0, 0.75, 1.5, 1.0])
    np.testing.assert_allclose(batch["discount"][:4], [0.125, 0.25, 0.5, 0.125])
    fails = make(ReplayReader(store(records, name="fails.zarr")), n_step=3, discount=0.5, takeover_fails=True)
    judged = fails.allocate(6)
    fails.gather(np.arange(6), judged)
    np.testing.assert_array_equal(judged["discount"], [0.0, 0.0, 0.0, *batch["discount"][3:]])
    np.testing.assert_array_equal(judged["reward"], batch["reward"])


@pytest.mark.parametrize("make", [UniformSampler, PrioritisedSampler])
def test_changes_of_an_action_cost_reward(
    make: type[UniformSampler], store: Callable[..., Path], spec: StepSpec
) -> None:
    """0.1 a way from -1 to 1; an episode's first action costs nothing, nor does what comes after its end."""
    records = np.concatenate([synthetic_episode(spec, 5), synthetic_episode(spec, 4, first_seq=5, episode=1)])
    records["action"][:, 1] = [1.0, -1.0, -1.0, 0.0, 0.0, -1.0, 1.0, -1.0, 0.0]
    records["reward"] = 1.0
    reader = ReplayReader(store(records))
    sampler = make(reader, n_step=2, discount=0.5, change_cost=ChangeCost(1, 0.1))
    batch = sampler.allocate(6)
    sampler.gather(np.array([0, 1, 2, 3, 5, 7]), batch)
    costs = [0.5 * 0.1, 0.1, 0.5 * 0.05, 0.05, 0.5 * 0.1, 0.1]
    whole = [1.5, 1.5, 1.5, 1.0, 1.5, 1.0]
    np.testing.assert_allclose(batch["reward"], np.subtract(whole, costs), rtol=1e-6)


def test_bad_stacks_are_sentences(online: ReplayReader) -> None:
    with pytest.raises(UsageError, match="stack is 0"):
        UniformSampler(online, stack=0)
    with pytest.raises(UsageError, match="prior sampler has stack 2, online 1"):
        MixedSampler(UniformSampler(online), [UniformSampler(online, stack=2)])


def draws(sampler: UniformSampler | MixedSampler, count: int) -> list[list[int]]:
    return [sampler.sample(8)["indices"].tolist() for _ in range(count)]


def test_same_seed_same_batches(online: ReplayReader) -> None:
    same = [draws(UniformSampler(online, seed=4), 5) for _ in range(2)]
    assert same[0] == same[1]
    assert draws(UniformSampler(online, seed=5), 5) != same[0]


def test_restored_state_continues_exactly(online: ReplayReader, demos: ReplayReader) -> None:
    """Through JSON, as a checkpoint holds it."""

    def make(seed: int) -> MixedSampler:
        prior = [UniformSampler(demos, seed=seed), UniformSampler(online, seed=seed + 1, prior_only=True)]
        return MixedSampler(UniformSampler(online, seed=seed + 2), prior, 0.5, seed)

    sampler, other = make(1), make(7)
    draws(sampler, 3)
    other.restore(json.loads(json.dumps(sampler.state())))
    assert draws(other, 5) == draws(sampler, 5)


def test_batch_stays_while_the_next_is_drawn(online: ReplayReader) -> None:
    """Two buffers: drawing one more leaves the batch alone, drawing two reuses its memory."""
    sampler = UniformSampler(online)
    first = sampler.sample(8)
    kept = {name: array.copy() for name, array in first.items()}
    second = sampler.sample(8)
    assert all(np.array_equal(first[name], kept[name]) for name in kept)
    assert not np.shares_memory(first["obs_images"], second["obs_images"])
    assert sampler.sample(8)["obs_images"] is first["obs_images"]


def test_memory_comes_from_the_caller(online: ReplayReader) -> None:
    made: list[np.ndarray] = []

    def allocate(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        made.append(np.zeros(shape, dtype))
        return made[-1]

    batch = UniformSampler(online, allocate=allocate).sample(8)
    assert all(any(np.shares_memory(array, block) for block in made) for array in batch.values())


def test_nothing_to_sample_is_a_sentence(store: Callable[..., Path], spec: StepSpec) -> None:
    """A lone observation is no transition."""
    sampler = UniformSampler(ReplayReader(store(synthetic_episode(spec, 1, cut=True))))
    assert sampler.size == 0
    for empty in (sampler, MixedSampler(sampler)):
        with pytest.raises(RobotRLError, match="record"):
            empty.sample(4)


def test_prior_only_draws_interventions(online: ReplayReader) -> None:
    sampler = UniformSampler(online, prior_only=True)
    assert sampler.size == 5
    assert set(sampler.sample(200)["indices"].tolist()) == {20, 21, 22, 23, 24}


def test_interventions_are_drawn_as_online_and_as_prior_data_also_where_they_came_later(
    store: Callable[..., Path], demos: ReplayReader, spec: StepSpec
) -> None:
    records = synthetic_episode(spec, 20)
    reader = ReplayReader(store(records))
    prior = [UniformSampler(demos), UniformSampler(reader, seed=1, prior_only=True)]
    sampler = MixedSampler(UniformSampler(reader), prior, 0.5)
    assert set(sampler.sample(64)["pool"].tolist()) == {0, 1}
    later = synthetic_episode(spec, 20, first_seq=20, episode=1)
    later["source"][5:9] = Source.INTERVENTION
    store(later)
    sampler.refresh()
    batch = sampler.sample(2000)
    helped, pool = np.isin(batch["indices"], np.arange(25, 29)), batch["pool"]
    assert (pool > 0).sum() == 1000
    assert set(batch["indices"][pool == 2].tolist()) == {25, 26, 27, 28}
    assert set(batch["indices"][helped & (pool == 0)].tolist()) == {25, 26, 27, 28}
    assert ((batch["source"] == Source.INTERVENTION) == (helped & (pool != 1))).all()


def test_uniform_over_transitions(online: ReplayReader) -> None:
    """Chi-square of 49 cells: mean 48, five standard deviations above is 97."""
    count = np.bincount(UniformSampler(online).sample(49_000)["indices"], minlength=50)
    assert count[49] == 0
    assert np.sum((count[:49] - 1000.0) ** 2 / 1000.0) < 97.0


def test_halves_and_their_pools(online: ReplayReader, demos: ReplayReader) -> None:
    prior = [UniformSampler(demos), UniformSampler(online, prior_only=True)]
    batch = MixedSampler(UniformSampler(online), prior, 0.5).sample(400)
    pools = np.bincount(batch["pool"], minlength=3)
    assert pools[0] == 200
    assert pools[1] + pools[2] == 200
    assert 100 < pools[1] < 165, "10 demonstrated transitions, 5 interventions: two thirds of 200"
    assert set(batch["indices"][batch["pool"] == 2].tolist()) == {20, 21, 22, 23, 24}
    assert batch["indices"][batch["pool"] == 1].max() == 9
    for pool, reader in ((0, online), (1, demos), (2, online)):
        rows = batch["indices"][batch["pool"] == pool]
        np.testing.assert_array_equal(batch["obs_images"][batch["pool"] == pool, 0], reader.take("image_wrist", rows))


def test_all_from_whichever_side_has_data(store: Callable[..., Path], online: ReplayReader, spec: StepSpec) -> None:
    empty = ReplayReader(store(name="empty.zarr"))
    only_online = MixedSampler(UniformSampler(online), [UniformSampler(empty)], 0.5).sample(10)
    assert set(only_online["pool"].tolist()) == {0}
    only_prior = MixedSampler(UniformSampler(empty), [UniformSampler(online)], 0.5).sample(10)
    assert set(only_prior["pool"].tolist()) == {1}


def test_grows_with_the_store(store: Callable[..., Path], spec: StepSpec) -> None:
    records = synthetic_episode(spec, 30)
    reader = ReplayReader(store(records[:10]))
    sampler = UniformSampler(reader)
    assert sampler.size == 9
    store(records[10:])
    reader.refresh()
    assert sampler.size == 29
    assert sampler.sample(300)["indices"].max() == 28


def test_prior_data_of_another_task_is_refused(tmp_path: Path, online: ReplayReader, spec: StepSpec) -> None:
    for name, other, meta in (("a", spec, {"task": "lift"}), ("b", synthetic_spec(8), {})):
        ReplayWriter.open(tmp_path / name, other, meta).close()
        with pytest.raises(SchemaError):
            MixedSampler(UniformSampler(online), [UniformSampler(ReplayReader(tmp_path / name))])


def test_part_is_a_view(spec: StepSpec) -> None:
    batch = Batch.allocate(spec, 4)
    batch.part(1, 3)["obs_images"][:] = 9
    assert batch["obs_images"].reshape(4, -1).max(axis=1).tolist() == [0, 9, 9, 0]
