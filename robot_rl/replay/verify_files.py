"""Checks the files of a store that hold no rows, and that zarr reads what our reader does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from robot_rl.replay.commit import commit_path, damaged_slots
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.schema import COMMIT, METADATA, commit_metadata


def file_problems(reader: ReplayReader) -> list[str]:
    """What is wrong with the commit record and with the arrays' metadata, one sentence each."""
    return [*_commit_problems(reader), *_metadata_problems(reader)]


def compare_with_zarr(reader: ReplayReader) -> list[str]:
    """Read the first and the last row of each array through zarr as well, where nothing is known to be wrong."""
    found = []
    ends = np.array([0, len(reader) - 1]) if len(reader) else np.empty(0, np.int64)
    for column in reader.layout.columns:
        if reader.unreadable(ends, [column.name]).any():
            continue
        try:
            array = zarr.open_array(str(reader.path / column.name), mode="r")
            same = np.array_equal(np.array([array[k] for k in ends]), reader.take(column.name, ends), equal_nan=True)
        except Exception as error:  # noqa: BLE001 - whatever zarr meets in a damaged array
            found.append(f"zarr cannot read the array '{reader.path / column.name}': {error}")
            continue
        if len(ends) and not same:
            found.append(f"zarr reads other values from the array '{reader.path / column.name}'")
    return found


def _commit_problems(reader: ReplayReader) -> list[str]:
    path = commit_path(reader.path)
    return [
        f"slot {slot} of the commit record '{path}' is damaged: the other one's {len(reader)} rows count"
        for slot in damaged_slots(reader.path)
    ]


def _metadata_problems(reader: ReplayReader) -> list[str]:
    found = []
    for column in reader.layout.columns:
        path = reader.path / column.name / METADATA
        document = _document(path)
        length = _length(document)
        if _essence(document) != _essence(column.metadata(length)):
            found.append(f"'{path}' is damaged: zarr cannot read the array; the writer mends it when steps are added")
        elif length < len(reader):
            found.append(f"'{path}' names {length} rows, fewer than the {len(reader)} committed")
    path = reader.path / COMMIT / METADATA
    if _essence(_document(path)) != _essence(commit_metadata()):
        found.append(f"'{path}' is damaged: zarr cannot read the commit record, which counts without it")
    return found


def _document(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _length(document: dict[str, Any]) -> int:
    shape = document.get("shape")
    return shape[0] if isinstance(shape, list) and shape and isinstance(shape[0], int) else 0


def _essence(document: dict[str, Any]) -> dict[str, Any]:
    """What of an array's metadata has a meaning to programs, without what others may add."""
    known = {key: document.get(key) for key in commit_metadata()}
    attributes = known.get("attributes") or {}
    return known | {"attributes": attributes.get("names") if isinstance(attributes, dict) else attributes}
