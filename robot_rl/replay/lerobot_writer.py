"""Writes the frames of a LeRobotDataset v3.0, episode by episode: `begin`, `images` as often as needed, `end`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa

from robot_rl.core.record import StepSpec
from robot_rl.replay import lerobot_format as fmt
from robot_rl.replay.lerobot_meta import Tables, write_meta
from robot_rl.replay.lerobot_stats import histogram, image_stats, vector_stats
from robot_rl.replay.lerobot_tables import IMAGE_TYPE, TableFiles, image_cell, png_bytes, to_column
from robot_rl.replay.lerobot_video import VideoFiles, coding

_MIB = 1 << 20


class DatasetWriter:
    """The dataset in the making at `root`. Used in a `with`, which writes meta/ when all went well."""

    def __init__(self, root: Path, spec: StepSpec, meta: Mapping[str, str], fps: int, *, lossless: bool) -> None:
        """Begin a dataset of steps of `spec` with `fps` frames a second; `meta` names task and robot."""
        self._root, self._spec, self._fps = root, spec, fps
        self._height, self._width, _ = spec.observation.image_shape
        coded = None if lossless else coding(self._height, self._width, fps)
        self._keys = {camera: fmt.image_key(camera) for camera in spec.observation.cameras}
        self._data = TableFiles(root, fmt.DATA, fmt.DATA_FILE_MB * _MIB)
        limit = fmt.VIDEO_FILE_MB * _MIB
        self._films = {} if lossless else {k: VideoFiles(root, k, fps, limit) for k in self._keys.values()}
        self._tables = Tables(spec, dict(meta), fps, fmt.features(spec, coded))
        self._levels = {key: np.zeros((3, 256), np.int64) for key in self._keys.values()}

    def begin(self, numbers: Mapping[str, np.ndarray]) -> None:
        """Start an episode: every numeric field of its T + 1 rows, the last observation included."""
        self._numbers, steps = numbers, len(numbers["reward"]) - 1
        mapped = {m.key: numbers[m.field][:steps].astype(m.dtype) for m in fmt.mapped_fields(self._spec)}
        self._columns = {**mapped, **_outcomes(numbers), **self._counted(steps)}
        self._cells: dict[str, list[dict[str, Any]]] = {key: [] for key in self._keys.values()}
        self._episode_levels = {key: np.zeros_like(level) for key, level in self._levels.items()}
        self._places = {key: film.begin(self._height, self._width) for key, film in self._films.items()}

    def images(self, images: Mapping[str, np.ndarray]) -> None:
        """The next n frames' images of every camera, (n, H, W, 3) uint8 RGB."""
        for camera, key in self._keys.items():
            self._episode_levels[key] += histogram(images[camera])
            if key in self._films:
                self._films[key].write(images[camera])
            else:
                self._cells[key] += [image_cell(image) for image in images[camera]]

    def end(self, last: Mapping[str, np.ndarray]) -> None:
        """Finish the episode; `last` are the images (H, W, 3) of its last observation."""
        columns = {key: to_column(values) for key, values in self._columns.items()}
        pictures = {} if self._films else {key: pa.array(cells, IMAGE_TYPE) for key, cells in self._cells.items()}
        place = self._data.write(pa.table({**pictures, **columns}))
        self._tables.episodes.append(self._episode_row(place))
        row = {m.key: self._numbers[m.field][-1].tolist() for m in fmt.mapped_fields(self._spec, last=True)}
        png = {key: png_bytes(last[camera]) for camera, key in self._keys.items()}
        self._tables.last.append({"episode_index": len(self._tables.episodes) - 1, **row, **png})
        for key, levels in self._episode_levels.items():
            self._levels[key] += levels

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the files and write meta/, unless an error leaves."""
        self._data.close()
        for film in self._films.values():
            film.close(finish=kind is None)
        if kind is None:
            write_meta(self._root, self._tables, self._levels, self._data.paths)

    def _counted(self, steps: int) -> dict[str, np.ndarray]:
        frame, zeros = np.arange(steps), np.zeros(steps, np.int64)
        numbered = {"frame_index": frame, "index": self._tables.frames + frame}
        constant = {"episode_index": zeros + len(self._tables.episodes), "task_index": zeros}
        return {"timestamp": (frame / self._fps).astype(np.float32), **numbered, **constant}

    def _episode_row(self, place: tuple[int, int]) -> dict[str, Any]:
        steps, first = len(self._columns["index"]), self._tables.frames
        row: dict[str, Any] = {"episode_index": len(self._tables.episodes), "tasks": [self._tables.task]}
        row |= {"length": steps, "data/chunk_index": place[0], "data/file_index": place[1]}
        row |= {"dataset_from_index": first, "dataset_to_index": first + steps}
        for key, (chunk, file, start) in self._places.items():
            row |= {f"videos/{key}/chunk_index": chunk, f"videos/{key}/file_index": file}
            row |= {f"videos/{key}/from_timestamp": start, f"videos/{key}/to_timestamp": start + steps / self._fps}
        stats = {key: image_stats(levels, steps) for key, levels in self._episode_levels.items()}
        stats |= {key: vector_stats(values) for key, values in self._columns.items()}
        row |= {f"stats/{key}/{name}": value.tolist() for key, found in stats.items() for name, value in found.items()}
        return {**row, "meta/episodes/chunk_index": 0, "meta/episodes/file_index": 0}


def _outcomes(numbers: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What each frame's action led to: the flags of the following row."""
    over, ended = numbers["is_last"][1:] != 0, numbers["is_terminal"][1:] != 0
    return {fmt.DONE: over, fmt.TRUNCATED: over & ~ended, fmt.SUCCESS: numbers["success"][1:] != 0}
