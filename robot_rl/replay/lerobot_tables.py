"""Numpy arrays and images to parquet columns, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from robot_rl.core.errors import RobotRLError, UsageError
from robot_rl.replay.lerobot_format import place

IMAGE_TYPE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
"""How the `datasets` library stores an image."""


def to_column(values: np.ndarray) -> pa.Array:
    """Column of `values` (n,) or, as lists of one length, (n, k); k = 1 makes scalars, as LeRobot stores it."""
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim == 1:
        return pa.array(values)
    return pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])


def image_cell(image: np.ndarray) -> dict[str, Any]:
    """An RGB image (H, W, 3) uint8 as a cell of IMAGE_TYPE: PNG, which loses nothing."""
    return {"bytes": png_bytes(image), "path": None}


def png_bytes(image: np.ndarray) -> bytes:
    """An RGB image (H, W, 3) uint8 as PNG."""
    return cv2.imencode(".png", image[..., ::-1])[1].tobytes()


def from_column(column: pa.ChunkedArray, width: int, where: str) -> np.ndarray:
    """Values (n,), or (n, width) for lists; RobotRLError where some are missing or of other length."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if array.null_count:
        raise RobotRLError(f"{where} lacks {array.null_count} of its {len(array)} values: complete or drop them.")
    kind = array.type
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)):
        return np.asarray(array.to_numpy(zero_copy_only=False))
    flat = array.flatten().to_numpy(zero_copy_only=False)
    if flat.size != len(array) * width:
        raise RobotRLError(f"{where} has {flat.size} values in {len(array)} rows of {width}: the dataset is damaged.")
    return np.asarray(flat).reshape(len(array), width)


def decode_image(value: dict[str, Any] | None, folder: Path, where: str) -> np.ndarray:
    """RGB image (H, W, 3) uint8 of an image cell: its bytes, or a file below `folder`."""
    value = value or {}
    data = value.get("bytes")
    if data is None and value.get("path"):
        file = folder / value["path"]
        data = file.read_bytes() if file.is_file() else None
    image = None if not data else cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise RobotRLError(f"{where} holds no image that can be read: the dataset is damaged, fetch it again.")
    return np.ascontiguousarray(image[..., ::-1])


def read_table(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """A parquet file's `columns`; RobotRLError where it is missing, damaged or lacks one."""
    try:
        file = pq.ParquetFile(path)
        names = set(file.schema_arrow.names)
        lacking = [name for name in columns or () if name not in names]
        if lacking:
            raise RobotRLError(f"'{path}' lacks the column '{lacking[0]}' that meta/info.json names: fetch it again.")
        return file.read(columns=columns)
    except FileNotFoundError:
        raise UsageError(f"'{path}' is missing: the dataset is incomplete, fetch it again.") from None
    except (pa.ArrowException, OSError) as error:
        raise RobotRLError(f"'{path}' is damaged ({_first_line(error)}): fetch the dataset again.") from None


def write_tasks(path: Path, tasks: Sequence[str]) -> None:
    """Task texts by number, as pandas stores a frame whose index they are, which LeRobot relies on."""
    column = {"field_name": "task_index", "name": "task_index", "pandas_type": "int64", "numpy_type": "int64"}
    index = {"field_name": "task", "name": "task", "pandas_type": "unicode", "numpy_type": "object"}
    pandas = {"index_columns": ["task"], "column_indexes": [], "columns": [column, index], "pandas_version": "2.2.0"}
    table = pa.table({"task_index": pa.array(range(len(tasks)), pa.int64()), "task": pa.array(tasks, pa.string())})
    pq.write_table(table.replace_schema_metadata({"pandas": json.dumps(pandas)}), path)


class TableFiles:
    """Numbered parquet files below `folder`, each filled up to `limit` bytes; a table becomes one row group."""

    def __init__(self, folder: Path, pattern: str, limit: int) -> None:
        self._folder, self._pattern, self._limit = folder, pattern, limit
        self._number = -1
        self._writer: Any = None
        self.paths: list[Path] = []

    def write(self, table: pa.Table) -> tuple[int, int]:
        """Append `table` whole to the newest file or a new one; returns the file's (chunk, file) numbers."""
        if self._writer is None or self.paths[-1].stat().st_size >= self._limit:
            self.close()
            self._number += 1
            chunk, file = place(self._number)
            self.paths.append(self._folder / self._pattern.format(chunk_index=chunk, file_index=file))
            self.paths[-1].parent.mkdir(parents=True, exist_ok=True)
            self._writer = pq.ParquetWriter(self.paths[-1], table.schema)
        self._writer.write_table(table)
        return place(self._number)

    def close(self) -> None:
        """Finish the newest file; a second call does nothing."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".")[:120] if str(error) else type(error).__name__
