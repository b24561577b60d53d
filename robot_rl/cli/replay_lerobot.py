"""LeRobotDataset v3.0 (parquet and film), of robot_rl or of others."""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING

from robot_rl.cli.replay_exchange import progress_bar
from robot_rl.core.errors import UsageError

if TYPE_CHECKING:
    from robot_rl.replay.lerobot_export import Exported
    from robot_rl.replay.lerobot_import import Imported


def add_export_options(group: argparse._ArgumentGroup) -> None:
    """Options of an export."""
    group.add_argument("--lossless", action="store_true", help="images as PNG, bit for bit, instead of (lossy) film")
    group.add_argument("--fps", type=int, help="frames a second (default: the median rate of the stamps)")


def add_import_options(group: argparse._ArgumentGroup) -> None:
    """Options of an import; any of them reads the dataset as one that no replay store was the source of."""
    group.add_argument("--terminal", help="what ended truly: auto, success, done, always or never (default: auto)")
    group.add_argument("--scale-actions", action="store_true", help="map each action's range to [-1, 1]")
    group.add_argument("--like", metavar="STORE", help="match this store's cameras, names, image size, task and robot")


def export_store(args: argparse.Namespace) -> int:
    """Export `args.store` to `args.out`."""
    from robot_rl.replay.lerobot_export import export_lerobot

    with progress_bar("frames") as report:
        found = export_lerobot(
            args.store,
            args.out,
            report,
            lossless=args.lossless,
            fps=args.fps,
        )
    return _told(found, args.out, args.json)


def import_sources(args: argparse.Namespace) -> int:
    """Import the one source to a new store."""
    if len(args.sources) != 1:
        raise UsageError(f"{len(args.sources)} datasets were given: import one LeRobot dataset to one store.")
    from robot_rl.replay.lerobot_import import import_lerobot
    from robot_rl.replay.lerobot_options import Foreign

    given = {"image_size": args.image_size, "rate_hz": args.rate, "terminal": args.terminal, "task": args.task}
    given |= {
        "robot": args.robot,
        "like": None if args.like is None else Path(args.like),
        "cameras": _cameras(args.camera),
    }
    options = {key: value for key, value in given.items() if value is not None and value != {}}
    if args.scale_actions:
        options["scale_actions"] = True
    with progress_bar("frames") as report:
        found = import_lerobot(
            args.sources[0],
            args.store,
            report,
            foreign=Foreign(**options) if options else None,
        )
    return _told(found, args.store, args.json)


def _cameras(words: list[str]) -> dict[str, str]:
    for word in words:
        if not all(word.partition("=")):
            raise UsageError(f"--camera got '{word}': write NAME=FEATURE, as in wrist=observation.images.laptop.")
    return {name: key for name, _, key in (word.partition("=") for word in words)}


def _told(found: Exported | Imported, out: str, as_json: bool) -> int:
    print("\n".join([*found.sentences(), f"Written to '{out}'."]))
    if as_json:
        print(json.dumps({"out": out, **dataclasses.asdict(found)}))
    return 0
