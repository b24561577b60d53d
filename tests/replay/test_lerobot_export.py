"""What an exported dataset looks like to a reader of LeRobotDataset v3.0."""

from __future__ import annotations

import ctypes
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from robot_rl.core.errors import UsageError
from robot_rl.core.record import StepSpec
from robot_rl.replay import lerobot_format, lerobot_writer
from robot_rl.replay.lerobot_export import export_lerobot
from robot_rl.replay.lerobot_import import import_lerobot
from robot_rl.replay.lerobot_video import VideoFiles, VideoReader
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.synthetic import synthetic_episode, synthetic_spec
from robot_rl.replay.writer import ReplayWriter

WRIST = "observation.images.wrist"


def info_of(dataset: Path) -> dict[str, Any]:
    return json.loads((dataset / "meta/info.json").read_text())


def frames_of(dataset: Path) -> dict[str, list[Any]]:
    return pq.read_table(dataset / "data/chunk-000/file-000.parquet").to_pydict()


def episodes_of(dataset: Path) -> list[dict[str, Any]]:
    return pq.read_table(dataset / "meta/episodes/chunk-000/file-000.parquet").to_pylist()


@pytest.fixture
def dataset(store: Callable[..., Path], spec: StepSpec, tmp_path: Path) -> Path:
    """Episodes of 4 and 2 transitions; the first ends by success, the second by a time limit."""
    first = synthetic_episode(spec, 5, terminal=True)
    export_lerobot(store(first, synthetic_episode(spec, 3, first_seq=5, episode=1)), tmp_path / "d", lossless=True)
    return tmp_path / "d"


def test_info_describes_the_features(dataset: Path) -> None:
    info = info_of(dataset)
    assert (info["codebase_version"], info["robot_type"], info["fps"]) == ("v3.0", "fr3_sim", 10)
    assert (info["total_episodes"], info["total_frames"], info["splits"]) == (2, 6, {"train": "0:2"})
    assert info["features"]["observation.state"] == {
        "dtype": "float32",
        "shape": [3],
        "names": ["joint_0", "joint_1", "joint_2"],
    }
    assert info["features"]["action"]["names"] == ["x", "y"]
    assert (info["features"][WRIST]["dtype"], info["features"][WRIST]["shape"]) == ("image", [4, 4, 3])
    assert info["video_path"] is None
    stored = set(pq.read_schema(dataset / "data/chunk-000/file-000.parquet").names)
    assert stored == set(info["features"])


def test_frames_are_the_transitions_and_their_outcomes(dataset: Path) -> None:
    frames = frames_of(dataset)
    assert frames["index"] == list(range(6))
    assert frames["episode_index"] == [0, 0, 0, 0, 1, 1]
    assert frames["frame_index"] == [0, 1, 2, 3, 0, 1]
    np.testing.assert_allclose(frames["timestamp"], [0.0, 0.1, 0.2, 0.3, 0.0, 0.1], atol=1e-7)
    assert frames["next.reward"] == [0.5, 1.5, 2.5, 3.5, 5.5, 6.5]
    assert frames["next.done"] == [False, False, False, True, False, True]
    assert frames["next.truncated"] == [False, False, False, False, False, True]
    assert frames["next.success"] == [False, False, False, True, False, False]
    assert frames["robot_rl.seq"] == [0, 1, 2, 3, 5, 6]
    assert frames["observation.state"][4] == [5.0, 5.25, 5.5]


def test_episode_table_says_where_frames_lie(dataset: Path) -> None:
    first, second = episodes_of(dataset)
    assert (first["length"], first["dataset_from_index"], first["dataset_to_index"]) == (4, 0, 4)
    assert (second["length"], second["dataset_from_index"], second["dataset_to_index"]) == (2, 4, 6)
    assert (second["data/chunk_index"], second["data/file_index"], second["tasks"]) == (0, 0, ["reach"])
    tasks = pq.read_table(dataset / "meta/tasks.parquet")
    assert tasks.to_pydict() == {"task_index": [0], "task": ["reach"]}
    assert json.loads(tasks.schema.metadata[b"pandas"])["index_columns"] == ["task"]


def test_statistics_are_those_of_the_frames(dataset: Path, store: Callable[..., Path], spec: StepSpec) -> None:
    stats, frames = json.loads((dataset / "meta/stats.json").read_text()), frames_of(dataset)
    values = np.array(frames["action"])
    for name, want in (
        ("min", values.min(0)),
        ("max", values.max(0)),
        ("mean", values.mean(0)),
        ("std", values.std(0)),
    ):
        np.testing.assert_allclose(stats["action"][name], want, atol=1e-7)
    np.testing.assert_allclose(stats["action"]["q50"], np.quantile(values, 0.5, axis=0))
    assert (stats["action"]["count"], stats["next.reward"]["max"], stats["next.done"]["mean"]) == ([6], [6.5], [1 / 3])
    pixels = np.concatenate([synthetic_episode(spec, 4), synthetic_episode(spec, 2, first_seq=5)])["image_wrist"] / 255
    for name, want in (
        ("mean", pixels.mean((0, 1, 2))),
        ("std", pixels.std((0, 1, 2))),
        ("max", pixels.max((0, 1, 2))),
    ):
        np.testing.assert_allclose(stats[WRIST][name], want.reshape(3, 1, 1), atol=1e-9)
    of_first = episodes_of(dataset)[0]
    np.testing.assert_allclose(of_first[f"stats/{WRIST}/mean"], pixels[:4].mean((0, 1, 2)).reshape(3, 1, 1))
    assert of_first["stats/next.reward/max"] == [3.5]


def level(seq: np.ndarray) -> np.ndarray:
    """Grey level that identifies a step in its film."""
    return 20 + 5 * seq % 210


def film_store(folder: Path, lengths: tuple[int, ...]) -> Path:
    spec = synthetic_spec(image_size=32, cameras=("wrist",))
    with ReplayWriter.open(folder / "s.zarr", spec, {"task": "reach", "robot": "fr3_sim"}) as writer:
        seq = 0
        for episode, rows in enumerate(lengths):
            records = synthetic_episode(spec, rows, first_seq=seq, episode=episode)
            records["image_wrist"] = level(records["seq"])[:, None, None, None]
            writer.append(records)
            seq += rows
    return folder / "s.zarr"


def in_real_time() -> set[int]:
    """Threads of this process with real-time priority."""
    threads = [int(name) for name in os.listdir("/proc/self/task")]
    return {thread for thread in threads if os.sched_getscheduler(thread) in (os.SCHED_FIFO, os.SCHED_RR)}


def known_to_libc() -> int:
    """Scheduling policy of the calling thread as the C library remembers it."""
    policy, priority = ctypes.c_int(-1), ctypes.c_int(-1)
    ident = ctypes.c_ulong(threading.get_ident())
    ctypes.CDLL(None).pthread_getschedparam(ident, ctypes.byref(policy), ctypes.byref(priority))
    return policy.value


def test_filming_takes_no_priority_over_the_robot(tmp_path: Path) -> None:
    before, films = in_real_time(), VideoFiles(tmp_path, "front", 10, 10**9)
    films.begin(64, 64)
    films.write(np.zeros((3, 64, 64, 3), np.uint8))
    assert in_real_time() <= before and os.sched_getscheduler(0) == os.SCHED_OTHER
    assert known_to_libc() == os.SCHED_OTHER
    films.close()


def test_every_timestamp_finds_its_frame_in_the_film(tmp_path: Path) -> None:
    path = film_store(tmp_path, (30, 12, 20))
    export_lerobot(path, tmp_path / "d")
    frames, episodes, info = frames_of(tmp_path / "d"), episodes_of(tmp_path / "d"), info_of(tmp_path / "d")
    assert info["features"][WRIST]["info"]["video.codec"] == "av1"
    assert [round(row[f"videos/{WRIST}/from_timestamp"], 6) for row in episodes] == [0.0, 2.9, 4.0]
    assert [round(row[f"videos/{WRIST}/to_timestamp"], 6) for row in episodes] == [2.9, 4.0, 5.9]
    film = tmp_path / "d" / info["video_path"].format(video_key=WRIST, chunk_index=0, file_index=0)
    order = np.random.default_rng(0).permutation(len(frames["index"]))
    with VideoReader(film, info["fps"]) as reader:
        for k in order:
            start = episodes[frames["episode_index"][k]][f"videos/{WRIST}/from_timestamp"]
            found = reader.frame(start + frames["timestamp"][k])
            assert abs(found.mean() - level(np.array(frames["robot_rl.seq"][k]))) < 2.5


def test_full_files_are_followed_by_new_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = film_store(tmp_path, (30, 30, 30))
    monkeypatch.setattr(lerobot_writer, "_MIB", 0)
    monkeypatch.setattr(lerobot_format, "FILES_PER_CHUNK", 2)
    export_lerobot(path, tmp_path / "d")
    places = [
        [(row[f"{kind}/chunk_index"], row[f"{kind}/file_index"]) for row in episodes_of(tmp_path / "d")]
        for kind in ("data", f"videos/{WRIST}")
    ]
    assert places == [[(0, 0), (0, 1), (1, 0)]] * 2
    assert [row[f"videos/{WRIST}/from_timestamp"] for row in episodes_of(tmp_path / "d")] == [0.0, 0.0, 0.0]
    import_lerobot(tmp_path / "d", tmp_path / "again.zarr")
    again, every = ReplayReader(tmp_path / "again.zarr"), np.arange(90)
    np.testing.assert_array_equal(again.take("seq", every), every)
    grey = again.take("image_wrist", every).mean((1, 2, 3))
    np.testing.assert_allclose(grey, level(every), atol=2.5)


def test_frame_rate_is_the_stamps_unless_given(store: Callable[..., Path], spec: StepSpec, tmp_path: Path) -> None:
    records = synthetic_episode(spec, 6)
    path = store(records)
    assert export_lerobot(path, tmp_path / "a", lossless=True).fps == 10
    assert export_lerobot(path, tmp_path / "b", lossless=True, fps=25).fps == 25
    assert info_of(tmp_path / "b")["fps"] == 25
    with pytest.raises(UsageError, match="fps is 0"):
        export_lerobot(path, tmp_path / "c", fps=0)
    records["stamp_ns"] = 5
    with pytest.raises(UsageError, match="stamps .* do not rise: give the rate with --fps"):
        export_lerobot(store(records, name="still.zarr"), tmp_path / "c")


def test_store_without_a_transition_is_refused(store: Callable[..., Path], spec: StepSpec, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has no transition to export"):
        export_lerobot(store(synthetic_episode(spec, 1, cut=True)), tmp_path / "d")
