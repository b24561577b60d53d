"""Replay stores made for measuring: every value of a step tells which step it belongs to, and frames never repeat."""

from __future__ import annotations

import os
import zlib
from math import prod
from pathlib import Path

import numpy as np

from robot_rl.bench.turns import Progress
from robot_rl.core.files import write_json
from robot_rl.core.record import StepSpec
from robot_rl.replay.commit import CommitRecord
from robot_rl.replay.files import open_chunk, write_all
from robot_rl.replay.schema import CHECKSUM, METADATA, Column, Layout
from robot_rl.replay.writer import ReplayWriter

META = {"task": "benchmark", "robot": "none"}
EPISODE = 101
"""Rows of each episode: 100 transitions and the last observation."""
_PATTERN = 251


def steps(spec: StepSpec, seq: np.ndarray, length: int = EPISODE) -> np.ndarray:
    """The records (n,) numbered `seq` (n,) of a run whose episodes have `length` rows, every second one terminal."""
    records = np.zeros(len(seq), spec.dtype)
    episode, index = np.divmod(seq, length)
    records["seq"], records["run_id"], records["episode"], records["index"] = seq, 1, episode, index
    records["stamp_ns"] = seq * 50_000_000
    records["is_first"], records["is_last"] = index == 0, index == length - 1
    records["is_terminal"] = records["success"] = (index == length - 1) & (episode % 2 == 1)
    records["reward"] = seq
    records["proprio"] = seq[:, None] + 0.25 * np.arange(len(spec.observation.proprio))
    records["action"] = records["proposed"] = np.sin(seq[:, None] + np.arange(spec.action.size))
    for number, camera in enumerate(spec.observation.cameras):
        records[f"image_{camera}"] = _frames(seq, number, spec.observation.image_shape)
    return records


def _frames(seq: np.ndarray, camera: int, shape: tuple[int, ...]) -> np.ndarray:
    """A texture shifted by the step's number, with that number and the camera's in its first nine bytes."""
    size = prod(shape)
    texture = (np.arange(size + _PATTERN) % _PATTERN).astype(np.uint8)
    pixels = np.lib.stride_tricks.sliding_window_view(texture, size)[(7 * seq + camera) % _PATTERN]
    pixels[:, :8] = seq.astype("<u8")[:, None].view(np.uint8)
    pixels[:, 8] = camera
    return pixels.reshape(len(seq), *shape)


def write_steps(path: Path, spec: StepSpec, episodes: int, progress: Progress) -> None:
    """Make a store of `episodes` episodes, appended and committed as a run does."""
    with ReplayWriter.open(path, spec, META) as writer:
        for episode in range(episodes):
            writer.append(steps(spec, EPISODE * episode + np.arange(EPISODE)))
            writer.commit()
            progress(episode + 1, episodes)


def write_in_bulk(path: Path, spec: StepSpec, rows: int, progress: Progress) -> None:
    """Make the store that appending `rows` steps one by one would make, with one write a chunk instead of a row."""
    with ReplayWriter.open(path, spec, META) as writer:  # held meanwhile: it creates the store and locks it
        layout = writer.layout
        for start in range(0, rows, layout.step):
            stop = min(start + layout.step, rows)
            _write_block(path, layout, start, steps(spec, np.arange(start, stop)))
            progress(stop, rows)
        for column in layout.columns:
            write_json(path / column.name / METADATA, column.metadata(-(-rows // layout.step) * layout.step))
        record = CommitRecord(path)
        record.write(rows, sync=False)
        record.close()


def _write_block(path: Path, layout: Layout, start: int, records: np.ndarray) -> None:
    """Write rows `start`.. of all columns; `start` is where a chunk begins in each."""
    for column in layout.columns:
        values = _checksums(records) if column.name == CHECKSUM else records[column.name]
        for first in range(0, len(records), column.rows):
            _write_chunk(path, column, (start + first) // column.rows, values[first : first + column.rows])


def _write_chunk(path: Path, column: Column, chunk: int, values: np.ndarray) -> None:
    file = open_chunk(path, column, chunk, continued=False, sync=False)
    try:
        write_all(file, np.ascontiguousarray(values).tobytes(), len(column.header))
    finally:
        os.close(file)


def _checksums(records: np.ndarray) -> np.ndarray:
    return np.array([zlib.crc32(record) for record in np.ascontiguousarray(records)], "<u4")
