"""Checkpoints: one file each, written whole or not at all, the last few kept."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from robot_rl.core.errors import RobotRLError
from robot_rl.learning.tensor_file import dumps, loads

KIND = "robot_rl/checkpoint/1"
_NAME = re.compile(r"updates_(\d{9})\.safetensors")


def save_checkpoint(
    folder: Path, updates: int, tensors: Mapping[str, Tensor], document: Mapping[str, Any], keep: int
) -> Path:
    """Write the checkpoint of `updates` into `folder` and remove all but the newest `keep`; returns its path.

    RobotRLError when the disk refuses; older checkpoints are intact then.
    """
    path = folder / f"updates_{updates:09d}.safetensors"
    partial = path.with_suffix(".partial")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            file.write(dumps(KIND, tensors, document))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        for old in list_checkpoints(folder)[:-keep]:
            old.unlink()
    except OSError as error:
        raise RobotRLError(
            f"cannot write checkpoint '{path}': {error.strerror}; older ones are intact: free space or mend the disk."
        ) from error
    return path


def list_checkpoints(folder: Path) -> list[Path]:
    """Complete checkpoints in `folder`, oldest first."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))


def load_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and document of a checkpoint; RobotRLError if unreadable, SchemaError if damaged or foreign."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RobotRLError(f"cannot read checkpoint '{path}': {error.strerror}: restore it or start anew.") from error
    return loads(KIND, data, f"checkpoint '{path}'")
