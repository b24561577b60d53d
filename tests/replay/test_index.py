"""Each reason for which a row does not continue the one before."""

from __future__ import annotations

import numpy as np
import pytest

from robot_rl.core.record import Source
from robot_rl.replay.index import INDEX_FIELDS, EpisodeIndex, Growable


def fields(rows: int = 4) -> dict[str, np.ndarray]:
    """Rows of one running episode."""
    made = {name: np.zeros(rows, np.uint32) for name in INDEX_FIELDS}
    made["index"] = 5 + np.arange(rows, dtype=np.uint32)
    return made


def index_of(made: dict[str, np.ndarray], cut: int) -> EpisodeIndex:
    """The index of rows that came in two parts."""
    index = EpisodeIndex()
    index.extend({name: values[:cut] for name, values in made.items()})
    index.extend({name: values[cut:] for name, values in made.items()})
    return index


@pytest.mark.parametrize("cut", range(5))
@pytest.mark.parametrize(
    ("field", "row", "value"),
    [("is_first", 2, 1), ("is_last", 1, 1), ("run_id", slice(2, None), 3), ("episode", slice(2, None), 3)],
)
def test_a_new_piece_begins(field: str, row: int | slice, value: int, cut: int) -> None:
    made = fields()
    made[field][row] = value
    index = index_of(made, cut)
    assert index.starts.tolist() == [0, 2]
    assert index.transitions.tolist() == [0, 2]
    assert index.last(np.arange(4)).tolist() == [1, 1, 3, 3]
    assert index.first(np.arange(4)).tolist() == [0, 0, 2, 2]


@pytest.mark.parametrize("cut", range(5))
def test_a_lost_step_begins_a_new_piece(cut: int) -> None:
    made = fields()
    made["index"][2:] += 1
    assert index_of(made, cut).transitions.tolist() == [0, 2]


@pytest.mark.parametrize("cut", range(5))
def test_one_piece_goes_on(cut: int) -> None:
    made = fields()
    made["source"][1] = Source.HUMAN
    index = index_of(made, cut)
    assert (index.starts.tolist(), index.transitions.tolist(), index.prior.tolist()) == ([0], [0, 1, 2], [1])
    assert index.last(np.arange(4)).tolist() == [3, 3, 3, 3]


@pytest.mark.parametrize("cut", range(9))
def test_takeovers_are_where_a_person_follows_someone_else_within_a_piece(cut: int) -> None:
    made = fields(8)
    made["source"][:] = [3, 0, 0, 3, 3, 4, 2, 3]
    made["is_first"][7] = True
    far = np.iinfo(np.int64).max
    assert index_of(made, cut).takeover(np.arange(8)).tolist() == [3, 3, 3, 6, 6, 6, far, far]


@pytest.mark.parametrize("cut", range(7))
def test_damaged_rows_are_pieces_without_transitions(cut: int) -> None:
    """The rows beside them are not joined over them, wherever the rows were cut into two arrivals."""
    made, bad = fields(6), np.array([0, 0, 1, 1, 0, 0], bool)
    made["source"][:] = Source.HUMAN
    index = EpisodeIndex()
    for part in (slice(0, cut), slice(cut, None)):
        index.extend({name: values[part] for name, values in made.items()}, bad[part])
    assert (index.starts.tolist(), index.damaged.tolist()) == ([0, 2, 3, 4], [2, 3])
    assert index.transitions.tolist() == index.prior.tolist() == [0, 4]
    assert index.last(np.array([0, 1, 4, 5])).tolist() == [1, 1, 5, 5]


def test_growable_keeps_what_it_holds() -> None:
    grown = Growable(np.int64)
    for start in range(0, 5000, 7):
        grown.extend(np.arange(start, start + 7))
    assert np.array_equal(grown.values, np.arange(grown.size))
