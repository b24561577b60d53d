"""LeRobotDataset v3.0: file names, features, and how a store's columns are called there.

The format (huggingface/lerobot, versions 0.4 to 0.6): `meta/info.json` describes the features, `data/` holds a parquet
row a frame, `videos/<feature>/` a film of each camera, `meta/episodes/` a row an episode that says where its frames
are. A frame is an observation, the action taken from it and, as `next.*`, what this earned; an episode's last
observation has no place. A store's rows that begin a transition become frames; the last row of every episode travels
in `meta/robot_rl/`, which LeRobot passes over, so that no frame has an invented action. What LeRobot has no name for
(stamps, source, policy version, ...) is a feature `robot_rl.<field>`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from robot_rl.core.errors import UsageError
from robot_rl.core.record import StepSpec

VERSION = "v3.0"
INFO = Path("meta/info.json")
STATS = Path("meta/stats.json")
TASKS = Path("meta/tasks.parquet")
EPISODES = "meta/episodes/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
DATA = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
VIDEO = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
FILES_PER_CHUNK = 1000
DATA_FILE_MB, VIDEO_FILE_MB = 100, 200

OWN_STORE = Path("meta/robot_rl/store.json")
OWN_LAST = Path("meta/robot_rl/last.parquet")
OWN_FORMAT = "robot_rl/lerobot/1"

STATE, ACTION, IMAGES = "observation.state", "action", "observation.images."
REWARD, DONE, TRUNCATED, SUCCESS = "next.reward", "next.done", "next.truncated", "next.success"
_OWN = "robot_rl"
_VECTORS = {"proprio": STATE, "action": ACTION, "reward": REWARD}
_BOOLEAN = ("is_first", "is_last", "is_terminal", "success")
_ONLY_LAST = ("is_last", "is_terminal")
_GRID = {"timestamp": "float32", "frame_index": "int64", "episode_index": "int64", "index": "int64"}
_COUNTED = {**_GRID, "task_index": "int64"}
_OUTCOMES = {DONE: "bool", TRUNCATED: "bool", SUCCESS: "bool"}


@dataclass(frozen=True)
class Mapped:
    """A numeric field of the step record and its LeRobot feature: `size` values (0: a scalar) of `dtype`."""

    field: str
    key: str
    dtype: str
    size: int
    names: tuple[str, ...]

    def feature(self) -> dict[str, Any]:
        """Its entry in info.json."""
        return {"dtype": self.dtype, "shape": [self.size or 1], "names": list(self.names) or None}


def mapped_fields(spec: StepSpec, *, last: bool = False) -> list[Mapped]:
    """Numeric fields of a frame, or of an episode's `last` row, in the record's order."""
    names = {"action": spec.action.names, "proposed": spec.action.names, "age": spec.sources}
    names["proprio"] = spec.observation.proprio
    found = []
    for field in spec.dtype.names or ():
        base, shape = spec.dtype[field].base, spec.dtype[field].shape
        if field.startswith("image_") or (field in _ONLY_LAST and not last):
            continue
        dtype = "bool" if field in _BOOLEAN else "float32" if base.kind == "f" else "int64"
        key = _VECTORS.get(field, f"{_OWN}.{field}")
        found.append(Mapped(field, key, dtype, shape[0] if shape else 0, names.get(field, ())))
    return found


def place(number: int) -> tuple[int, int]:
    """(chunk, file) numbers of a dataset's file `number`."""
    return divmod(number, FILES_PER_CHUNK)


def image_key(camera: str) -> str:
    """Feature of a camera; UsageError for a name that LeRobot does not take."""
    if "/" in camera:
        raise UsageError(f"camera '{camera}' has a '/' in its name, which LeRobot forbids: record without it.")
    return IMAGES + camera


def features(spec: StepSpec, coding: Mapping[str, Any] | None) -> dict[str, dict[str, Any]]:
    """All features of an export: images as video of `coding` (info.json's `info`), or as PNG where that is None."""
    pixels: dict[str, Any] = {"dtype": "image" if coding is None else "video", "shape": spec.observation.image_shape}
    pixels |= {"shape": list(pixels["shape"]), "names": ["height", "width", "channels"]}
    if coding is not None:
        pixels["info"] = dict(coding)
    plain = {**_OUTCOMES, **_COUNTED}
    return {
        **{image_key(camera): dict(pixels) for camera in spec.observation.cameras},
        **{mapped.key: mapped.feature() for mapped in mapped_fields(spec)},
        **{key: {"dtype": dtype, "shape": [1], "names": None} for key, dtype in plain.items()},
    }


def numeric_dtype(feature: Mapping[str, Any]) -> np.dtype | None:
    """dtype of a numeric feature; None for images, videos, texts and language."""
    try:
        dtype = np.dtype(feature["dtype"])
    except TypeError:
        return None
    return dtype if dtype.kind in "biuf" else None


def require_libraries() -> None:
    """UsageError where the optional libraries are not installed."""
    missing = [name for name in ("pyarrow", "av") if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(
            f"LeRobot datasets need {' and '.join(missing)}: run `pip install -r requirements/lerobot.txt`."
        )
