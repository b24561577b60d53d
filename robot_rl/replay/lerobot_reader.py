"""Reads a LeRobotDataset v3.0 folder: its description, and episode by episode numbers and images."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa

from robot_rl.core.errors import RobotRLError, SchemaError, UsageError
from robot_rl.replay import lerobot_format as fmt
from robot_rl.replay.lerobot_tables import decode_image, from_column, read_table
from robot_rl.replay.lerobot_video import VideoReader

_TASK_COLUMNS = ("task", "__index_level_0__")


class DatasetReader:
    """A dataset at `root`. Episodes are read in order at no extra cost, in any order with one."""

    def __init__(self, root: Path) -> None:
        """Read meta/; UsageError if `root` holds none, SchemaError for another version, RobotRLError for damage."""
        self.root = root
        info = read_json(root / fmt.INFO, f"'{root}' holds no LeRobot dataset (no {fmt.INFO}): check the path.")
        version = str(info.get("codebase_version"))
        if not version.startswith("v3."):
            raise SchemaError(f"'{root}' is LeRobot data of version {version}, not v3: convert it with lerobot first.")
        try:
            self.fps = float(info["fps"])
            self.features: dict[str, dict[str, Any]] = dict(info["features"])
            self._data_path, self._video_path = str(info["data_path"]), info.get("video_path")
        except (KeyError, TypeError, ValueError) as error:
            raise RobotRLError(f"'{root / fmt.INFO}' lacks {error} or has it wrong: fetch the dataset again.") from None
        if not self.fps > 0.0:
            raise RobotRLError(f"'{root / fmt.INFO}' has fps {self.fps:g}: correct the frame rate.")
        self.robot = str(info.get("robot_type") or "unknown")
        self.episodes = self._read_episodes()
        self.tasks = self._read_tasks()
        self._table: tuple[Path, tuple[str, ...], pa.Table, np.ndarray] | None = None
        self._films: dict[str, VideoReader] = {}

    @property
    def frames(self) -> int:
        """Frames of all episodes."""
        return sum(int(row["length"]) for row in self.episodes)

    def width(self, key: str) -> int:
        """Values of a numeric feature per frame."""
        return int(np.prod(self.features[key]["shape"]))

    def episode(self, number: int, keys: Sequence[str]) -> tuple[dict[str, np.ndarray], pa.Table]:
        """Features `keys` of episode `number`, (T,) or (T, k), and its table, which `images` reads PNG from."""
        row, stored = self.episodes[number], self._stored_images()
        path = self._path(self._data_path, row, "data")
        columns = tuple(dict.fromkeys([*keys, "timestamp", "episode_index", *stored]))
        if self._table is None or self._table[:2] != (path, columns):
            table = read_table(path, columns)
            self._table = (path, columns, table, from_column(table["episode_index"], 1, f"'{path}'"))
        chosen = np.flatnonzero(self._table[3] == row["episode_index"])
        if len(chosen) != row["length"] or not len(chosen) or np.ptp(chosen) != len(chosen) - 1:
            text = f"episode {row['episode_index']} of '{self.root}' has {len(chosen)} of its {row['length']} frames"
            raise RobotRLError(f"{text}: the dataset is incomplete, fetch it again.")
        table = self._table[2].slice(int(chosen[0]), len(chosen))
        return {key: self._values(table, key) for key in (*keys, "timestamp")}, table

    def column(self, key: str) -> np.ndarray:
        """A numeric feature of all frames, (N,) or (N, k)."""
        paths = dict.fromkeys(self._path(self._data_path, row, "data") for row in self.episodes)
        return np.concatenate([self._values(read_table(path, [key]), key) for path in paths])

    def images(self, number: int, key: str, frames: np.ndarray, table: pa.Table) -> Iterator[np.ndarray]:
        """RGB images (H, W, 3) uint8 of camera feature `key` at `frames` (n,), rising, of episode `number`."""
        row = self.episodes[number]
        if self.features[key]["dtype"] == "image":
            for frame in frames:
                where = f"frame {frame} of '{key}' in episode {row['episode_index']} of '{self.root}'"
                yield decode_image(table[key][int(frame)].as_py(), self.root, where)
            return
        path = self._path(str(self._video_path), row, f"videos/{key}", video_key=key)
        film = self._films.get(key)
        if film is None or film.path != path:
            if film is not None:
                film.close()
            film = self._films[key] = VideoReader(path, self.fps)
        times = float(row[f"videos/{key}/from_timestamp"]) + self._values(table, "timestamp").astype(np.float64)
        for frame in frames:
            yield film.frame(float(times[frame]))

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the films."""
        for film in self._films.values():
            film.close()

    def _values(self, table: pa.Table, key: str) -> np.ndarray:
        return from_column(table[key], self.width(key), f"feature '{key}' of '{self.root}'")

    def _stored_images(self) -> list[str]:
        return [key for key, feature in self.features.items() if feature.get("dtype") == "image"]

    def _path(self, pattern: str, row: Mapping[str, Any], prefix: str, **keys: str) -> Path:
        try:
            place = {name: int(row[f"{prefix}/{name}"]) for name in ("chunk_index", "file_index")}
            return self.root / pattern.format(**place, **keys)
        except (KeyError, TypeError, IndexError, ValueError):
            text = f"the episodes of '{self.root}' do not say where '{prefix}' lies"
            raise RobotRLError(f"{text}: the dataset is incomplete, fetch it again.") from None

    def _read_episodes(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for path in sorted((self.root / "meta" / "episodes").glob("*/*.parquet")):
            table = read_table(path)
            rows += table.select([name for name in table.column_names if not name.startswith("stats/")]).to_pylist()
        if not rows:
            raise UsageError(f"'{self.root}' has no episode in meta/episodes: record some, or fetch the dataset again.")
        if any(name not in rows[0] for name in ("episode_index", "length")):
            raise RobotRLError(f"meta/episodes of '{self.root}' lacks episode_index or length: fetch it again.")
        return rows

    def _read_tasks(self) -> list[str]:
        table = read_table(self.root / fmt.TASKS)
        name = next((name for name in _TASK_COLUMNS if name in table.column_names), None)
        return [] if name is None else [str(text) for text in table[name].to_pylist()]


def read_json(path: Path, missing: str) -> dict[str, Any]:
    """A JSON file's object; UsageError `missing` if it is not there, RobotRLError if it is damaged."""
    try:
        document = json.loads(path.read_text())
    except OSError:
        raise UsageError(missing) from None
    except ValueError as error:
        raise RobotRLError(f"'{path}' is no JSON ({error}): fetch the dataset again.") from None
    if not isinstance(document, dict):
        raise RobotRLError(f"'{path}' holds no JSON object: fetch the dataset again.")
    return document
