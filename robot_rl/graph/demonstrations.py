"""Demonstrations that a graph learns from: replay stores as they are, bags imported once into the run."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from robot_rl.config.loader import load
from robot_rl.config.nodes import RigConfig
from robot_rl.config.run_dir import RunDir
from robot_rl.core.errors import RobotRLError, SchemaError, UsageError
from robot_rl.replay.schema import METADATA
from robot_rl.robot.spec import load_robot, step_spec

FOLDER = "imported"
"""Where in a run the stores of imported bags lie."""
BAG_SUFFIXES = (".mcap", ".db3")


def store_paths(given: Iterable[str], run: RunDir) -> list[str]:
    """The replay stores that the learner reads for the stores and bags `given`; UsageError for anything else."""
    return [str(_target(Path(path), run) if _is_bag(path) else Path(path).absolute()) for path in given]


def import_bags(given: Iterable[str], run: RunDir, rig: Mapping[str, Any]) -> None:
    """Import those of `given` that are bags and have not been before; `rig` are the parameters that all nodes share.

    UsageError where a bag holds no steps, SchemaError where they are not of this rig, RobotRLError where it is damaged
    or the disk refuses. A bag is imported whole or not at all.
    """
    for path in map(Path, given):
        if _is_bag(path) and not (target := _target(path, run)).is_dir():
            _import(path, target, rig)


def _import(bag: Path, target: Path, rig: Mapping[str, Any]) -> None:
    from robot_rl.replay.bags.steps import import_bag  # half a second, for those who have bags

    config = load(RigConfig, {field.name: rig[field.name] for field in dataclasses.fields(RigConfig)})
    spec, meta = step_spec(config, load_robot(config.robot)), {"task": config.task, "robot": config.robot}
    draft = target.with_name(f"{target.name}.{os.getpid()}.tmp")
    try:
        done = import_bag(bag, draft, spec, meta)
        if not done.rows:
            raise UsageError(f"bag '{bag}' holds no step: record `step` while a graph runs.")
        draft.rename(target)
    except (SchemaError, UsageError) as error:
        raise type(error)(f"argument demos: {error}") from None
    except OSError as error:
        raise RobotRLError(f"cannot import bag '{bag}' into '{target}': {error.strerror}.") from error
    finally:
        with contextlib.suppress(OSError):
            shutil.rmtree(draft, ignore_errors=True)


def _is_bag(path: Path | str) -> bool:
    path = Path(path)
    if (path / METADATA).is_file():
        return False
    if path.is_file() or (path / "metadata.yaml").is_file() or any(map(_is_storage, _entries(path))):
        return True
    has = "is neither a replay store nor a bag" if path.exists() else "does not exist"
    raise UsageError(f"argument demos:={path} {has}: give a replay store, a rosbag2 folder, or a .mcap or .db3 file.")


def _entries(path: Path) -> list[Path]:
    return sorted(path.iterdir()) if path.is_dir() else []


def _is_storage(path: Path) -> bool:
    return path.suffix in BAG_SUFFIXES


def _target(bag: Path, run: RunDir) -> Path:
    """Named after the bag's path and state: a bag that has changed is another one."""
    parts = [(entry.name, entry.stat().st_size, entry.stat().st_mtime_ns) for entry in _entries(bag) or [bag]]
    key = zlib.crc32(repr((str(bag.absolute()), parts)).encode())
    return run.path / FOLDER / f"{bag.stem}-{key:08x}.zarr"
