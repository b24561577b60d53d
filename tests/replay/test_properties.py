"""The sampler against a plain-Python model of transitions, over random stores."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from robot_rl.core.record import Source
from robot_rl.replay.batch import Batch
from robot_rl.replay.compact import compact
from robot_rl.replay.prioritised import PrioritisedSampler
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.sampler import UniformSampler
from robot_rl.replay.synthetic import synthetic_episode, synthetic_spec
from robot_rl.replay.writer import ReplayWriter

SPEC = synthetic_spec(image_size=8)


class Shape(NamedTuple):
    """One generated episode; the bits of `by_hand` say in which rows a person intervened."""

    rows: int
    end: str
    source: Source
    lost: int
    by_hand: int


class Transition(NamedTuple):
    """What the model expects of the transition from `row`."""

    row: int
    successor: int
    history: list[int]
    next_history: list[int]
    reward: float
    discount: float


shapes = st.lists(
    st.builds(
        Shape,
        st.integers(1, 12),
        st.sampled_from(["terminal", "truncated", "cut"]),
        st.sampled_from(list(Source)),
        st.integers(0, 30),
        st.integers(0, 2**11 - 1) | st.just(0),
    ),
    min_size=1,
    max_size=8,
)


def records_of(episodes: list[Shape]) -> list[np.ndarray]:
    """Records of the episodes, one after the other; row number `lost` of each, if it has one, never arrived."""
    made, seq = [], 0
    for number, shape in enumerate(episodes):
        options = {"terminal": shape.end == "terminal", "cut": shape.end == "cut", "source": shape.source}
        records = synthetic_episode(SPEC, shape.rows, first_seq=seq, episode=number, **options)
        records["source"][[bool(shape.by_hand >> row & 1) for row in range(shape.rows)]] = Source.INTERVENTION
        made.append(np.delete(records, shape.lost) if 0 < shape.lost < shape.rows else records)
        seq += shape.rows
    return made


def model(
    episodes: list[np.ndarray], n: int, discount: float, stack: int = 1, fails: bool = False
) -> Iterator[Transition]:
    """The transitions of the episodes, worked out one row at a time."""
    rows = [record for records in episodes for record in records]

    def follows(k: int) -> bool:
        if k + 1 >= len(rows) or rows[k]["is_last"]:
            return False
        return bool(rows[k + 1]["seq"] == rows[k]["seq"] + 1 and not rows[k + 1]["is_first"])

    def taken_over(k: int) -> bool:
        before, after = (Source(rows[i]["source"]).is_prior for i in (k - 1, k))
        return after and not before

    def history(row: int) -> list[int]:
        found = [row]
        while len(found) < stack:
            before = found[0] - 1
            found.insert(0, before if before >= 0 and follows(before) else found[0])
        return found

    for row in range(len(rows)):
        if not follows(row):
            continue
        end, reward = row, 0.0
        while end < row + n and follows(end):
            reward += discount ** (end - row) * float(rows[end]["reward"])
            end += 1
            if taken_over(end):
                break
        ended = bool(rows[end]["is_terminal"]) or (fails and taken_over(end))
        kept = 0.0 if ended else discount ** (end - row)
        yield Transition(row, end, history(row), history(end), reward, kept)


@settings(max_examples=40)
@given(
    shapes,
    st.integers(1, 5),
    st.integers(1, 4),
    st.sampled_from([0.97, 0.5, 1.0]),
    st.tuples(st.integers(1, 9), st.integers(1, 33)),
    st.data(),
)
def test_every_transition_is_the_models(
    episodes: list[Shape], n: int, stack: int, discount: float, chunk_rows: tuple[int, int], data: st.DataObject
) -> None:
    """Whatever the episodes, the chunks, the moments of refreshing and of compaction: same transitions, none across."""
    made = records_of(episodes)
    flat = np.concatenate(made)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s.zarr"
        writer = ReplayWriter.open(path, SPEC, {}, chunk_rows=chunk_rows)
        reader = ReplayReader(path)
        while writer.appended < len(flat):
            count = data.draw(st.integers(1, len(flat) - writer.appended))
            writer.append(flat[writer.appended : writer.appended + count])
            writer.commit()
            if data.draw(st.integers(0, 3)) == 0:
                packed = compact(path).compressed
                event(f"compressed: {packed > 0}")
                reader = ReplayReader(path, cache_bytes=data.draw(st.sampled_from([0, 1 << 20]))) if packed else reader
            assert reader.refresh() == writer.committed
        assert reader.rows(np.arange(len(flat))).tobytes() == flat.tobytes()

        expected = list(model(made, n, discount, stack))
        assert reader.index.transitions.tolist() == [t.row for t in expected]
        priors = [t.row for t in expected if Source(flat[t.row]["source"]).is_prior]
        assert reader.index.prior.tolist() == priors

        sampler = UniformSampler(reader, n, discount, seed=3, stack=stack)
        batch = sampler.allocate(len(expected))
        sampler.gather(np.array([t.row for t in expected], np.int64), batch)
        check(batch, expected, flat, stack)
        writer.close()


@pytest.mark.parametrize("kind", [UniformSampler, PrioritisedSampler])
@settings(max_examples=20)
@given(episodes=shapes, n=st.integers(1, 4), stack=st.integers(1, 3), seed=st.integers(0, 1000), fails=st.booleans())
def test_every_transition_is_reachable_and_nothing_else(
    kind: type[UniformSampler], episodes: list[Shape], n: int, stack: int, seed: int, fails: bool
) -> None:
    """Enough draws visit each transition, and each drawn one is the model's, whatever the TD errors say."""
    made = records_of(episodes)
    expected = {t.row: t for t in model(made, n, 0.9, stack, fails)}
    if not expected:
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s.zarr"
        with ReplayWriter.open(path, SPEC, {}) as writer:
            writer.append(np.concatenate(made))
        sampler = kind(ReplayReader(path), n, 0.9, seed, stack=stack, takeover_fails=fails)
        first = sampler.sample(8)
        sampler.update(first, np.random.default_rng(seed).uniform(1.0, 2.0, 8))
        batch = sampler.sample(40 * len(expected))
        assert set(batch["indices"].tolist()) == set(expected)
        check(batch, [expected[row] for row in batch["indices"].tolist()], np.concatenate(made), stack)


def check(batch: Batch, expected: list[Transition], flat: np.ndarray, stack: int) -> None:
    """Every array of the batch is what the records say of the expected transitions."""
    for when, histories in (("obs", [t.history for t in expected]), ("next", [t.next_history for t in expected])):
        rows = np.array(histories, np.int64).reshape(len(expected), stack)
        rows = rows[:, 0] if stack == 1 else rows
        for number, camera in enumerate(SPEC.observation.cameras):
            np.testing.assert_array_equal(batch[f"{when}_images"][..., number, :, :, :], flat[f"image_{camera}"][rows])
        np.testing.assert_array_equal(batch[f"{when}_proprio"], flat["proprio"][rows])
    np.testing.assert_array_equal(batch["action"], flat["action"][[t.row for t in expected]])
    np.testing.assert_allclose(batch["reward"], [t.reward for t in expected], rtol=1e-6)
    np.testing.assert_allclose(batch["discount"], [t.discount for t in expected], rtol=1e-6)
