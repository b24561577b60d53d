"""No graph trains on the situations that another one, or its last start, has met."""

from pathlib import Path

from robot_rl.graph.situations import stream
from robot_rl.replay.synthetic import synthetic_episode, synthetic_spec
from robot_rl.replay.writer import ReplayWriter

META = {"task": "reach", "robot": "test"}


def grow(path: Path, rows: int) -> None:
    with ReplayWriter.open(path, synthetic_spec(), META) as writer:
        writer.append(synthetic_episode(synthetic_spec(), rows))
        writer.commit()


def test_every_start_of_every_graph_has_its_own(tmp_path: Path) -> None:
    seen = []
    for name in ("demo", "learn"):
        store = tmp_path / f"{name}.zarr"
        seen.append(stream(name, store))
        for rows in (5, 7):
            grow(store, rows)
            seen.append(stream(name, store))
    assert len({*seen, stream("eval", tmp_path / "eval.zarr")}) == 7


def test_evaluation_is_always_of_the_same(tmp_path: Path) -> None:
    before = stream("eval", tmp_path / "eval.zarr")
    grow(tmp_path / "eval.zarr", 5)
    assert stream("eval", tmp_path / "eval.zarr") == before


def test_a_damaged_store_is_left_to_its_writer(tmp_path: Path) -> None:
    grow(tmp_path / "a.zarr", 5)
    (tmp_path / "a.zarr" / "commit" / "c.0.0").write_bytes(b"?" * 32)
    assert stream("learn", tmp_path / "a.zarr") == stream("learn", tmp_path / "none.zarr")
