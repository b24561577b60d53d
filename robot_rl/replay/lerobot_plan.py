"""How a foreign LeRobot dataset becomes steps: which features and dimensions make cameras, proprioception, action."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from robot_rl.core.errors import SchemaError, UsageError, unknown_name
from robot_rl.core.record import StepSpec
from robot_rl.core.spec import ActionSpec, ObservationSpec
from robot_rl.replay import lerobot_format as fmt
from robot_rl.replay.lerobot_options import Foreign
from robot_rl.replay.lerobot_reader import DatasetReader
from robot_rl.replay.lerobot_video import is_depth
from robot_rl.replay.schema import Layout


@dataclass(frozen=True)
class Plan:
    """The steps' `spec` and `meta`; feature of each camera; dimensions taken of state and action; every n-th frame;
    how an episode's true ending is told."""

    spec: StepSpec
    meta: dict[str, str]
    cameras: dict[str, str]
    state: list[int]
    action: list[int]
    stride: int
    terminal: str


def make_plan(reader: DatasetReader, options: Foreign) -> Plan:
    """Plan for a dataset; UsageError or SchemaError naming what of it does not fit."""
    like = None if options.like is None else Layout.read(options.like)
    state, action = _names(reader, fmt.STATE), _names(reader, fmt.ACTION)
    wanted_state, wanted_action = state, action
    if like is not None:
        wanted_state, wanted_action = like.spec.observation.proprio, like.spec.action.names
        if sorted(wanted_action) != sorted(action):
            raise SchemaError(
                f"'{reader.root}' has the actions {', '.join(action)}, the store '{options.like}' "
                f"{', '.join(wanted_action)}: choose a dataset of the same actions."
            )
    cameras = _cameras(reader, options, like)
    height, width = _size(reader, options, like, cameras)
    observation = ObservationSpec(tuple(cameras), height, width, wanted_state)
    return Plan(
        spec=StepSpec(observation, ActionSpec(wanted_action)),
        meta=_meta(reader, options, like),
        cameras=cameras,
        state=_positions(reader, wanted_state, state),
        action=_positions(reader, wanted_action, action),
        stride=_stride(reader, options),
        terminal=_terminal(reader, options),
    )


def image_size(feature: dict[str, Any]) -> tuple[int, int]:
    """(height, width) of an image feature, whose shape may have the channels first or last."""
    shape = [int(edge) for edge in feature["shape"]]
    names = [str(name) for name in feature.get("names") or []]
    first = names[0].startswith("channel") if names else shape[0] in (1, 3) and shape[-1] not in (1, 3)
    return (shape[1], shape[2]) if first else (shape[0], shape[1])


def _names(reader: DatasetReader, key: str) -> tuple[str, ...]:
    """Names of a vector feature's dimensions, numbered ones where the dataset has none."""
    feature = reader.features.get(key)
    if feature is None or fmt.numeric_dtype(feature) is None or len(feature["shape"]) != 1:
        raise SchemaError(f"'{reader.root}' has no vector '{key}': only datasets with one can be imported.")
    names = feature.get("names")
    if isinstance(names, dict):
        lists = [value for value in names.values() if isinstance(value, list)]
        names = [name for value in lists for name in value] if lists else list(names)
    if not isinstance(names, list) or len(set(map(str, names))) != reader.width(key):
        names = [f"{key.rsplit('.', 1)[-1]}_{k}" for k in range(reader.width(key))]
    return tuple(map(str, names))


def _positions(reader: DatasetReader, wanted: tuple[str, ...], names: tuple[str, ...]) -> list[int]:
    for name in wanted:
        if name not in names:
            raise unknown_name("dimension", name, names, f"'{reader.root}'")
    return [names.index(name) for name in wanted]


def _cameras(reader: DatasetReader, options: Foreign, like: Layout | None) -> dict[str, str]:
    """Feature of each camera: the given ones, else those of the store's names, else all, by their features' names."""
    images = {key: f for key, f in reader.features.items() if f.get("dtype") in ("image", "video") and not is_depth(f)}
    named = {key.removeprefix(fmt.IMAGES).removeprefix("observation."): key for key in images}
    chosen = dict(options.cameras) or named
    if like is not None:
        both = {**named, **options.cameras}
        for camera in like.spec.observation.cameras:
            if camera not in both:
                raise unknown_name("camera", camera, images, f"'{reader.root}', give --camera {camera}=FEATURE")
        chosen = {camera: both[camera] for camera in like.spec.observation.cameras}
    for key in chosen.values():
        if key not in images:
            raise unknown_name("image feature", key, images, f"'{reader.root}'")
    if not chosen:
        raise SchemaError(f"'{reader.root}' has no images: only datasets with cameras can be imported.")
    return chosen


def _size(reader: DatasetReader, options: Foreign, like: Layout | None, cameras: dict[str, str]) -> tuple[int, int]:
    if like is not None:
        return like.spec.observation.image_height, like.spec.observation.image_width
    if options.image_size is not None:
        return options.image_size, options.image_size
    sizes = {camera: image_size(reader.features[key]) for camera, key in cameras.items()}
    if len(set(sizes.values())) > 1:
        listed = ", ".join(f"{camera} {height}x{width}" for camera, (height, width) in sizes.items())
        raise UsageError(f"the cameras of '{reader.root}' differ in size ({listed}): give --image-size.")
    return next(iter(sizes.values()))


def _meta(reader: DatasetReader, options: Foreign, like: Layout | None) -> dict[str, str]:
    known = {} if like is None else dict(like.meta)
    task = options.task or known.get("task")
    if task is None:
        if len(reader.tasks) != 1:
            raise UsageError(f"'{reader.root}' has {len(reader.tasks)} tasks: give --task NAME to import all as one.")
        task = reader.tasks[0]
    return {"task": task, "robot": options.robot or known.get("robot") or reader.robot}


def _stride(reader: DatasetReader, options: Foreign) -> int:
    stride = round(reader.fps / (options.rate_hz or reader.fps))
    if options.rate_hz is not None and (stride < 1 or not np.isclose(reader.fps, stride * options.rate_hz, rtol=1e-3)):
        rates = ", ".join(f"{reader.fps / n:g}" for n in (1, 2, 3))
        text = f"'{reader.root}' has {reader.fps:g} frames a second, no multiple of {options.rate_hz:g} Hz"
        raise UsageError(f"{text}: give a rate such as {rates}.")
    return stride


def _terminal(reader: DatasetReader, options: Foreign) -> str:
    has = reader.features
    if options.terminal == "auto":
        return "success" if fmt.SUCCESS in has else "done" if fmt.DONE in has and fmt.TRUNCATED in has else "never"
    needed = {"success": fmt.SUCCESS, "done": fmt.DONE}.get(options.terminal)
    if needed is not None and needed not in has:
        raise UsageError(f"'{reader.root}' records no '{needed}': use --terminal always or never.")
    return options.terminal
