"""Checkpoints: one file each, written whole or not at all, the last few kept, and always the last healthy one."""

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
_NAME = re.compile(r"updates_(\d{9})(\.alarm)?\.safetensors")


def save_checkpoint(
    folder: Path,
    updates: int,
    tensors: Mapping[str, Tensor],
    document: Mapping[str, Any],
    keep: int,
    healthy: bool = True,
) -> Path:
    """Write the checkpoint of `updates` into `folder`; remove all but the newest `keep` and the newest healthy one.

    One that is not `healthy` has `.alarm` in its name. Returns the path. RobotRLError when the disk refuses; older
    checkpoints are intact then.
    """
    path = folder / f"updates_{updates:09d}{'' if healthy else '.alarm'}.safetensors"
    partial = path.with_suffix(".partial")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            file.write(dumps(KIND, tensors, document))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        found = list_checkpoints(folder)
        kept = {*found[-keep:], *healthy_checkpoints(folder)[-1:]}
        for old in set(found) - kept:
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


def healthy_checkpoints(folder: Path) -> list[Path]:
    """Those of them that were written while no alarm was on, oldest first."""
    return [path for path in list_checkpoints(folder) if not path.stem.endswith(".alarm")]


def load_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and document of a checkpoint; RobotRLError if unreadable, SchemaError if damaged or foreign."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RobotRLError(f"cannot read checkpoint '{path}': {error.strerror}: restore it or start anew.") from error
    return loads(KIND, data, f"checkpoint '{path}'")
