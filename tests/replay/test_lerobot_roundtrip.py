"""A store exported as a LeRobot dataset and imported again is the same store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from robot_rl.core.errors import RobotRLError, SchemaError, UsageError
from robot_rl.core.record import Source, StepSpec
from robot_rl.replay.lerobot_export import export_lerobot
from robot_rl.replay.lerobot_import import import_lerobot
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.synthetic import synthetic_episode, synthetic_spec
from robot_rl.replay.verify import verify
from robot_rl.replay.writer import ReplayWriter

FILM_DB = 30.5
META = {"task": "reach", "robot": "fr3_sim"}


def rendered(records: np.ndarray) -> np.ndarray:
    """Give every step images as a renderer would: shading, fine stripes, and a disc where the step says."""
    names = [name for name in records.dtype.names if name.startswith("image_")]
    size = records[names[0]].shape[1]
    y, x = np.mgrid[:size, :size]
    for number, name in enumerate(names):
        for record in records:
            seq = int(record["seq"])
            grey = 60 + 2 * y + number * 20 + 12 * ((x + seq) % 6 < 3)
            disc = (x - 8 - 2 * seq % 48) ** 2 + (y - 30) ** 2 < 50
            record[name] = np.where(disc[..., None], (200, 60, 40), grey[..., None])
    return records


def rows_of(path: Path) -> np.ndarray:
    reader = ReplayReader(path)
    return reader.rows(np.arange(len(reader)))


def round_trip(store: Path, folder: Path, **options: bool) -> np.ndarray:
    export_lerobot(store, folder / "dataset", **options)
    import_lerobot(folder / "dataset", folder / "again.zarr")
    again = ReplayReader(folder / "again.zarr")
    assert (again.spec, again.meta) == (ReplayReader(store).spec, META)
    assert verify(folder / "again.zarr").problems == ()
    return rows_of(folder / "again.zarr")


def test_lossless_is_bit_for_bit(store: Callable[..., Path], spec: StepSpec, tmp_path: Path) -> None:
    first = synthetic_episode(spec, 9, terminal=True, source=Source.INTERVENTION)
    limited = synthetic_episode(spec, 5, first_seq=9, episode=1)
    cut = synthetic_episode(spec, 4, first_seq=14, episode=2, cut=True)
    path = store(first, limited, cut, synthetic_episode(spec, 6, run_id=7))
    assert round_trip(path, tmp_path, lossless=True).tobytes() == rows_of(path).tobytes()


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lengths=st.lists(st.integers(2, 9), min_size=1, max_size=4),
    endings=st.lists(st.sampled_from(["terminal", "limit", "cut"]), min_size=4, max_size=4),
)
def test_any_episodes_come_back(
    lengths: list[int], endings: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, spec, seq = tmp_path_factory.mktemp("any"), synthetic_spec(cameras=("wrist",), proprio=1), 0
    with ReplayWriter.open(folder / "s.zarr", spec, META, chunk_rows=(8, 16)) as writer:
        for episode, (rows, end) in enumerate(zip(lengths, endings, strict=False)):
            flags = {"terminal": end == "terminal", "cut": end == "cut"}
            writer.append(synthetic_episode(spec, rows, first_seq=seq, episode=episode, **flags))
            seq += rows
    again = round_trip(folder / "s.zarr", folder, lossless=True)
    assert again.tobytes() == rows_of(folder / "s.zarr").tobytes()


def test_film_changes_images_little_and_nothing_else(tmp_path: Path) -> None:
    spec = synthetic_spec(image_size=64)
    episodes = [rendered(synthetic_episode(spec, 7, first_seq=7 * k, episode=k, terminal=k == 1)) for k in range(3)]
    with ReplayWriter.open(tmp_path / "s.zarr", spec, META) as writer:
        for records in episodes:
            writer.append(records)
    want, got = np.concatenate(episodes), round_trip(tmp_path / "s.zarr", tmp_path)
    for name in spec.dtype.names:
        if not name.startswith("image_"):
            np.testing.assert_array_equal(got[name], want[name], err_msg=name)
            continue
        error = ((got[name].astype(float) - want[name]) ** 2).mean(axis=(1, 2, 3))
        assert 10 * np.log10(255**2 / error.max(initial=1e-9)) > FILM_DB
        last = want["is_last"] != 0
        np.testing.assert_array_equal(got[name][last], want[name][last])


def test_episode_without_a_transition_is_left_out_and_said(
    store: Callable[..., Path], spec: StepSpec, tmp_path: Path
) -> None:
    path = store(synthetic_episode(spec, 1, cut=True), synthetic_episode(spec, 4, first_seq=1, episode=1))
    found = export_lerobot(path, tmp_path / "d", lossless=True)
    assert (found.episodes, found.frames, found.left_out) == (1, 3, 1)
    assert "1 episodes without a transition were left out." in found.sentences()


def test_progress_counts_frames(store: Callable[..., Path], spec: StepSpec, tmp_path: Path) -> None:
    path = store(synthetic_episode(spec, 80), synthetic_episode(spec, 4, first_seq=80, episode=1))
    out: list[tuple[int, int]] = []
    into: list[tuple[int, int]] = []
    export_lerobot(path, tmp_path / "d", lambda *seen: out.append(seen), lossless=True)
    import_lerobot(tmp_path / "d", tmp_path / "again.zarr", lambda *seen: into.append(seen))
    assert out == [(64, 82), (79, 82), (82, 82)]
    assert into == [(79, 82), (82, 82)]


def test_changed_dataset_is_refused_and_still_imports_as_a_foreign_one(
    store: Callable[..., Path], spec: StepSpec, tmp_path: Path
) -> None:
    path = store(synthetic_episode(spec, 4), synthetic_episode(spec, 4, first_seq=4, episode=1))
    dataset = tmp_path / "d"
    export_lerobot(path, dataset, lossless=True)
    episodes = dataset / "meta/episodes/chunk-000/file-000.parquet"
    pq.write_table(pq.read_table(episodes).slice(1), episodes)
    with pytest.raises(SchemaError, match=r"was changed since its export .*: remove '.*robot_rl'"):
        import_lerobot(dataset, tmp_path / "again.zarr")
    for file in (dataset / "meta/robot_rl").iterdir():
        file.unlink()
    found = import_lerobot(dataset, tmp_path / "again.zarr")
    assert (found.episodes, found.steps) == (1, 2)


def test_last_observation_that_does_not_follow_is_refused(
    store: Callable[..., Path], spec: StepSpec, tmp_path: Path
) -> None:
    export_lerobot(store(synthetic_episode(spec, 4)), tmp_path / "d", lossless=True)
    last = tmp_path / "d/meta/robot_rl/last.parquet"
    rows = pq.read_table(last).to_pylist()
    rows[0]["robot_rl.index"] += 1
    pq.write_table(pa.Table.from_pylist(rows), last)
    with pytest.raises(SchemaError, match="last observation of episode 0 does not follow its frames"):
        import_lerobot(tmp_path / "d", tmp_path / "again.zarr")


def test_nothing_is_left_where_something_went_wrong(store: Callable[..., Path], spec: StepSpec, tmp_path: Path) -> None:
    path = store(synthetic_episode(spec, 20))

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    for run in (
        lambda: export_lerobot(path, tmp_path / "out" / "d", stop),
        lambda: export_lerobot(path, tmp_path / "out" / "d", stop, lossless=True),
    ):
        with pytest.raises(KeyboardInterrupt):
            run()
    export_lerobot(path, tmp_path / "d", lossless=True)
    with pytest.raises(KeyboardInterrupt):
        import_lerobot(tmp_path / "d", tmp_path / "out" / "s.zarr", stop)
    assert list((tmp_path / "out").iterdir()) == []


def test_existing_target_is_not_touched(store: Callable[..., Path], spec: StepSpec, tmp_path: Path) -> None:
    path = store(synthetic_episode(spec, 4))
    (tmp_path / "d").mkdir()
    with pytest.raises(UsageError, match="'.*d' exists: give another path"):
        export_lerobot(path, tmp_path / "d")


@pytest.mark.parametrize("library", ["pyarrow", "av"])
def test_missing_library_is_one_sentence(
    store: Callable[..., Path], spec: StepSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    path = store(synthetic_episode(spec, 4))
    monkeypatch.setitem(__import__("sys").modules, library, None)
    for run in (lambda: export_lerobot(path, tmp_path / "d"), lambda: import_lerobot(tmp_path, tmp_path / "s.zarr")):
        with pytest.raises(UsageError, match=f"need {library}: run `pip install -r requirements/lerobot.txt`"):
            run()


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("meta/info.json", "info.json' is no JSON"),
        ("meta/tasks.parquet", "tasks.parquet' is damaged"),
        ("meta/robot_rl/last.parquet", "last.parquet' is damaged"),
        ("data/chunk-000/file-000.parquet", "file-000.parquet' is damaged"),
        ("videos/observation.images.wrist/chunk-000/file-000.mp4", "file-000.mp4' is no film|cut off"),
    ],
)
def test_cut_off_and_missing_files_are_named(
    store: Callable[..., Path], spec: StepSpec, tmp_path: Path, file: str, sentence: str
) -> None:
    path, dataset = store(synthetic_episode(spec, 20)), tmp_path / "d"
    export_lerobot(path, dataset)
    whole = (dataset / file).read_bytes()
    (dataset / file).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RobotRLError, match=sentence):
        import_lerobot(dataset, tmp_path / "again.zarr")
    (dataset / file).unlink()
    with pytest.raises(RobotRLError, match=f"{Path(file).name}' is missing|no meta/info.json"):
        import_lerobot(dataset, tmp_path / "again.zarr")
