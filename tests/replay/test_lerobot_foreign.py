"""LeRobot datasets of others become steps with the meaning that ours have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from robot_rl.core.errors import RobotRLError, SchemaError, UsageError
from robot_rl.core.record import Source, StepSpec
from robot_rl.core.spec import ActionSpec, ObservationSpec
from robot_rl.replay.lerobot_import import import_lerobot
from robot_rl.replay.lerobot_options import Foreign
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.verify import verify
from robot_rl.replay.writer import ReplayWriter

JOINTS = ["pan", "lift"]
TOP, SIDE = "observation.images.top", "observation.images.side"


def cell(level: int, height: int, width: int) -> dict[str, Any]:
    image = np.full((height, width, 3), (level, 255 - level, 7), np.uint8)
    return {"bytes": cv2.imencode(".png", image[..., ::-1])[1].tobytes(), "path": None}


def write_dataset(
    root: Path,
    lengths: tuple[int, ...] = (6, 5),
    *,
    fps: int = 30,
    actions: float = 0.1,
    tasks: tuple[str, ...] = ("pick",),
    sizes: tuple[tuple[int, int], ...] = ((8, 8),),
    outcomes: dict[str, list[Any]] | None = None,
    names: Any = None,
) -> Path:
    """A dataset by hand: frame k has state (k, -k), action `actions` * (k, -k) and the grey level 10 k in `top`."""
    frame = np.concatenate([np.arange(n) for n in lengths])
    total, episode = np.arange(len(frame)), np.repeat(np.arange(len(lengths)), lengths)
    vector = np.stack([total, -total], axis=1)
    columns: dict[str, Any] = {
        "observation.state": vector.astype(np.float32).tolist(),
        "action": (actions * vector).astype(np.float32).tolist(),
        "timestamp": (frame / fps).astype(np.float32),
        "frame_index": frame,
        "episode_index": episode,
        "index": total,
        "task_index": np.zeros_like(total),
        **(outcomes or {}),
    }
    features: dict[str, Any] = {
        "observation.state": {"dtype": "float32", "shape": [2], "names": JOINTS},
        "action": {"dtype": "float32", "shape": [2], "names": JOINTS if names is None else names},
        **{key: {"dtype": "float32", "shape": [1], "names": None} for key in outcomes or {}},
        "timestamp": {"dtype": "float32", "shape": [1], "names": None},
        "observation.images.depth": {"dtype": "video", "shape": [8, 8, 1], "info": {"is_depth_map": True}},
    }
    for key, (height, width) in zip((TOP, SIDE), sizes, strict=False):
        features[key] = {"dtype": "image", "shape": [3, height, width], "names": ["channels", "height", "width"]}
        columns[key] = [cell(10 * k, height, width) for k in total.tolist()]
    rows = [
        {"episode_index": k, "length": n, "data/chunk_index": 0, "data/file_index": 0, "tasks": list(tasks)}
        for k, n in enumerate(lengths)
    ]
    for folder in ("meta/episodes/chunk-000", "data/chunk-000"):
        (root / folder).mkdir(parents=True)
    pq.write_table(pa.table(columns), root / "data/chunk-000/file-000.parquet")
    pq.write_table(pa.Table.from_pylist(rows), root / "meta/episodes/chunk-000/file-000.parquet")
    pq.write_table(
        pa.table({"task_index": range(len(tasks)), "__index_level_0__": list(tasks)}), root / "meta/tasks.parquet"
    )
    data_path = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
    info = {"codebase_version": "v3.0", "fps": fps, "robot_type": "so101", "data_path": data_path}
    (root / "meta/info.json").write_text(json.dumps({**info, "video_path": None, "features": features}))
    return root


def imported(root: Path, out: Path, **options: Any) -> tuple[ReplayReader, np.ndarray]:
    import_lerobot(root, out, foreign=Foreign(**options))
    assert verify(out).problems == ()
    reader = ReplayReader(out)
    return reader, reader.rows(np.arange(len(reader)))


def test_frames_become_steps_and_the_last_one_an_observation(tmp_path: Path) -> None:
    reader, rows = imported(write_dataset(tmp_path / "d"), tmp_path / "s.zarr")
    assert reader.meta == {"task": "pick", "robot": "so101"}
    assert reader.spec == StepSpec(ObservationSpec(("top",), 8, 8, ("pan", "lift")), ActionSpec(("pan", "lift")))
    ends = [(episode.length, episode.source, episode.terminal) for episode in reader.episodes()]
    assert ends == [(5, Source.HUMAN, False), (4, Source.HUMAN, False)]
    np.testing.assert_array_equal(rows["proprio"][:, 0], np.arange(11))
    np.testing.assert_array_equal(rows["is_last"].nonzero()[0], [5, 10])
    np.testing.assert_array_equal(rows["is_first"].nonzero()[0], [0, 6])
    want = np.where(rows["is_last"] != 0, 0.0, 0.1 * np.arange(11)).astype(np.float32)
    np.testing.assert_allclose(rows["action"][:, 0], want, rtol=1e-6)
    np.testing.assert_array_equal(rows["image_top"][:, 3, 4, 0], 10 * np.arange(11))
    np.testing.assert_array_equal(rows["image_top"][:, 3, 4, 2], 7)
    np.testing.assert_allclose(np.diff(rows["stamp_ns"]), 1e9 / 30, rtol=1e-4)


def test_dropped_frame_leaves_its_reward_where_the_task_ended(tmp_path: Path) -> None:
    outcomes = {
        "next.reward": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 0.0, 1.0, 2.0, 3.0, 4.0],
        "next.success": [0.0] * 5 + [1.0] + [0.0] * 5,
    }
    _, rows = imported(write_dataset(tmp_path / "d", outcomes=outcomes), tmp_path / "s.zarr")
    np.testing.assert_array_equal(rows["reward"], [0, 1, 2, 3, 4 + 5, 0, 0, 1, 2, 3, 0])
    np.testing.assert_array_equal(rows["is_terminal"].nonzero()[0], [5])
    np.testing.assert_array_equal(rows["success"].nonzero()[0], [5])


@pytest.mark.parametrize(
    ("rule", "ended"), [("auto", [6]), ("done", [6]), ("success", []), ("always", [2, 6]), ("never", [])]
)
def test_rule_says_what_ended_truly(tmp_path: Path, rule: str, ended: list[int]) -> None:
    done = [0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    outcomes = {"next.done": done, "next.truncated": [0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]}
    if rule == "success":
        outcomes["next.success"] = [0.0] * 7
    dataset = write_dataset(tmp_path / "d", (3, 4), outcomes=outcomes)
    _, rows = imported(dataset, tmp_path / "s.zarr", terminal=rule)
    assert rows["is_terminal"].nonzero()[0].tolist() == ended
    assert rows["reward"].nonzero()[0].tolist() == [k - 1 for k in ended]


def test_frames_are_skipped_to_the_control_rate(tmp_path: Path) -> None:
    outcomes = {"next.reward": np.arange(11.0).tolist(), "next.success": [0.0] * 5 + [1.0] + [0.0] * 5}
    dataset = write_dataset(tmp_path / "d", outcomes=outcomes)
    _, rows = imported(dataset, tmp_path / "s.zarr", rate_hz=15.0)
    np.testing.assert_array_equal(rows["proprio"][:, 0], [0, 2, 4, 6, 8, 10])
    np.testing.assert_array_equal(rows["reward"], [0 + 1, 2 + 3 + 4 + 5, 0, 6 + 7, 8 + 9, 0])
    np.testing.assert_array_equal(rows["is_terminal"].nonzero()[0], [2])
    np.testing.assert_allclose(np.diff(rows["stamp_ns"])[:2], 1e9 / 15, rtol=1e-4)
    with pytest.raises(UsageError, match="no multiple of 20 Hz: give a rate such as 30, 15, 10"):
        imported(dataset, tmp_path / "no.zarr", rate_hz=20.0)


def test_actions_outside_the_unit_range_are_refused_or_scaled(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "d", actions=3.0)
    with pytest.raises(SchemaError, match=r"action 'pan' .* spans 0 to 30, not \[-1, 1\]: give --scale-actions"):
        imported(dataset, tmp_path / "s.zarr")
    reader, rows = imported(dataset, tmp_path / "s.zarr", scale_actions=True)
    np.testing.assert_allclose(rows["action"][:5, 0], [-1.0, -0.8, -0.6, -0.4, -0.2], atol=1e-6)
    np.testing.assert_allclose(rows["action"][:5, 1], [1.0, 0.8, 0.6, 0.4, 0.2], atol=1e-6)
    assert json.loads(reader.meta["action_range"]) == {"pan": [0.0, 30.0], "lift": [-30.0, 0.0]}


def test_cameras_are_chosen_and_resized(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "d", sizes=((8, 16), (12, 12)))
    with pytest.raises(UsageError, match=r"differ in size \(top 8x16, side 12x12\): give --image-size"):
        imported(dataset, tmp_path / "s.zarr")
    with pytest.raises(UsageError, match=r"'observation.images.tip'.* did you mean 'observation.images.top'\?"):
        imported(dataset, tmp_path / "s.zarr", cameras={"wrist": "observation.images.tip"})
    reader, rows = imported(dataset, tmp_path / "s.zarr", cameras={"wrist": SIDE}, image_size=4)
    assert reader.spec.observation.cameras == ("wrist",)
    np.testing.assert_array_equal(rows["image_wrist"][:, 1, 1], [(10 * k, 255 - 10 * k, 7) for k in range(11)])


def test_a_store_gives_names_order_size_task_and_robot(tmp_path: Path) -> None:
    spec = StepSpec(ObservationSpec(("top",), 4, 4, ("lift",)), ActionSpec(("lift", "pan")))
    ReplayWriter.open(tmp_path / "like.zarr", spec, {"task": "lift", "robot": "fr3"}).close()
    dataset = write_dataset(tmp_path / "d", tasks=("one", "two"))
    reader, rows = imported(dataset, tmp_path / "s.zarr", like=tmp_path / "like.zarr")
    assert (reader.spec, reader.meta) == (spec, {"task": "lift", "robot": "fr3"})
    np.testing.assert_allclose(rows["action"][1], [-0.1, 0.1])
    np.testing.assert_array_equal(rows["proprio"][:, 0], -np.arange(11))
    other = write_dataset(tmp_path / "other", names=["x", "y"])
    with pytest.raises(SchemaError, match=r"has the actions x, y, the store .* lift, pan: choose"):
        imported(other, tmp_path / "no.zarr", like=tmp_path / "like.zarr")


@pytest.mark.parametrize(
    ("names", "read"),
    [
        (["a", "b"], ("a", "b")),
        ({"motors": ["a", "b"]}, ("a", "b")),
        ({"a": 0, "b": 1}, ("a", "b")),
        (["a"], ("action_0", "action_1")),
    ],
)
def test_names_are_read_in_every_form(tmp_path: Path, names: Any, read: tuple[str, ...]) -> None:
    reader, _ = imported(write_dataset(tmp_path / "d", names=names), tmp_path / "s.zarr")
    assert reader.spec.action.names == read


def test_episode_too_short_is_left_out_and_said(tmp_path: Path) -> None:
    found = import_lerobot(write_dataset(tmp_path / "d", (1, 4)), tmp_path / "s.zarr")
    assert (found.episodes, found.steps) == (1, 3)
    assert "1 episodes with fewer than two observations were left out." in found.notes
    with pytest.raises(UsageError, match="there is nothing to import"):
        import_lerobot(write_dataset(tmp_path / "none", (1, 1)), tmp_path / "no.zarr")
    assert not (tmp_path / "no.zarr").exists()


def edit(path: Path, **values: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_what_is_no_dataset_or_another_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no LeRobot dataset \(no meta/info.json\): check the path"):
        import_lerobot(tmp_path, tmp_path / "s.zarr")
    dataset = write_dataset(tmp_path / "d", tasks=("a", "b"))
    with pytest.raises(UsageError, match="has 2 tasks: give --task NAME"):
        import_lerobot(dataset, tmp_path / "s.zarr")
    with pytest.raises(UsageError, match="records no 'next.success': use --terminal always or never"):
        imported(dataset, tmp_path / "s.zarr", terminal="success", task="a")
    with pytest.raises(UsageError, match="unknown terminal rule 'sucess': did you mean 'success'"):
        Foreign(terminal="sucess")  # type: ignore[arg-type]
    edit(dataset / "meta/info.json", codebase_version="v2.1")
    with pytest.raises(SchemaError, match="of version v2.1, not v3: convert it"):
        import_lerobot(dataset, tmp_path / "s.zarr")


def test_frames_that_are_missing_are_counted(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "d")
    data = dataset / "data/chunk-000/file-000.parquet"
    pq.write_table(pq.read_table(data).slice(0, 9), data)
    with pytest.raises(RobotRLError, match="episode 1 of .* has 3 of its 5 frames: the dataset is incomplete"):
        import_lerobot(dataset, tmp_path / "s.zarr")
    pq.write_table(pq.read_table(data).drop_columns(["action"]), data)
    with pytest.raises(RobotRLError, match="lacks the column 'action'"):
        import_lerobot(dataset, tmp_path / "s.zarr")
