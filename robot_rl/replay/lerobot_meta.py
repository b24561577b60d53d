"""The meta/ folder of a LeRobotDataset v3.0 that is being written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from robot_rl.config.loader import to_plain
from robot_rl.core.record import StepSpec
from robot_rl.replay import lerobot_format as fmt
from robot_rl.replay.lerobot_stats import Stats, image_stats, vector_stats
from robot_rl.replay.lerobot_tables import from_column, read_table, write_tasks


@dataclass
class Tables:
    """What is known of the dataset: `features` of info.json, a row of `episodes` and of `last` for each episode."""

    spec: StepSpec
    meta: dict[str, str]
    fps: int
    features: dict[str, dict[str, Any]]
    episodes: list[dict[str, Any]] = field(default_factory=list)
    last: list[dict[str, Any]] = field(default_factory=list)

    @property
    def frames(self) -> int:
        """Frames of all episodes so far."""
        return int(self.episodes[-1]["dataset_to_index"]) if self.episodes else 0

    @property
    def task(self) -> str:
        """The one task of the dataset."""
        return self.meta.get("task", "")


def write_meta(root: Path, tables: Tables, levels: Mapping[str, np.ndarray], data: Sequence[Path]) -> None:
    """Write meta/; `levels` are the histograms (3, 256) of all images, `data` the files of frames."""
    episodes = root / fmt.EPISODES.format(chunk_index=0, file_index=0)
    for path in (episodes, root / fmt.OWN_LAST):
        path.parent.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(tables.episodes), episodes)
    write_tasks(root / fmt.TASKS, [tables.task])
    _write_json(root / fmt.STATS, _stats(tables, levels, data))
    _write_json(root / fmt.INFO, _info(tables))
    pq.write_table(pa.Table.from_pylist(tables.last), root / fmt.OWN_LAST)
    own = {"format": fmt.OWN_FORMAT, "spec": to_plain(tables.spec), "meta": tables.meta}
    _write_json(root / fmt.OWN_STORE, own)


def _stats(tables: Tables, levels: Mapping[str, np.ndarray], data: Sequence[Path]) -> dict[str, Any]:
    """Statistics of all frames: exact ones, so the columns are read back, one at a time."""
    found: dict[str, Stats] = {key: image_stats(level, tables.frames) for key, level in levels.items()}
    for key, feature in tables.features.items():
        if fmt.numeric_dtype(feature) is not None:
            parts = [from_column(read_table(path, [key])[key], feature["shape"][0], key) for path in data]
            found[key] = vector_stats(np.concatenate(parts))
    return {key: {name: value.tolist() for name, value in stats.items()} for key, stats in found.items()}


def _info(tables: Tables) -> dict[str, Any]:
    films = any(feature["dtype"] == "video" for feature in tables.features.values())
    return {
        "codebase_version": fmt.VERSION,
        "robot_type": tables.meta.get("robot"),
        "total_episodes": len(tables.episodes),
        "total_frames": tables.frames,
        "total_tasks": 1,
        "chunks_size": fmt.FILES_PER_CHUNK,
        "data_files_size_in_mb": fmt.DATA_FILE_MB,
        "video_files_size_in_mb": fmt.VIDEO_FILE_MB,
        "fps": tables.fps,
        "splits": {"train": f"0:{len(tables.episodes)}"},
        "data_path": fmt.DATA,
        "video_path": fmt.VIDEO if films else None,
        "features": tables.features,
    }


def _write_json(path: Path, document: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=4) + "\n")
