"""LeRobot datasets for `robot-rl replay export | import`: the options of the format and what they run."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress

from robot_rl.core.errors import UsageError

if TYPE_CHECKING:
    from robot_rl.replay.lerobot_export import Exported
    from robot_rl.replay.lerobot_import import Imported


def add_export_options(parser: argparse.ArgumentParser) -> None:
    """Options of an export."""
    parser.add_argument("--lossless", action="store_true", help="images as PNG, bit for bit, instead of (lossy) film")
    parser.add_argument("--fps", type=int, help="frames a second (default: the median rate of the stamps)")


def add_import_options(parser: argparse.ArgumentParser) -> None:
    """Options of an import; any of them reads the dataset as one that no replay store was the source of."""
    parser.add_argument("--camera", action="append", metavar="NAME=FEATURE", help="feature of a camera; repeatable")
    parser.add_argument("--image-size", type=int, metavar="PIXELS", help="resize images to this square, by area")
    parser.add_argument("--rate", type=float, metavar="HZ", help="control rate, of which the frame rate is a multiple")
    parser.add_argument("--terminal", help="what ended truly: auto, success, done, always or never (default: auto)")
    parser.add_argument("--scale-actions", action="store_true", help="map each action's range to [-1, 1]")
    parser.add_argument("--like", metavar="STORE", help="match this store's cameras, names, image size, task and robot")
    parser.add_argument("--task", help="task of the steps")
    parser.add_argument("--robot", help="robot of the steps")


def run_export(args: argparse.Namespace) -> int:
    """Export `args.store` to `args.out`."""
    from robot_rl.replay.lerobot_export import export_lerobot

    with _progress() as progress:
        bar = progress.add_task("frames")
        found = export_lerobot(
            args.store,
            args.out,
            lambda done, total: progress.update(bar, completed=done, total=total),
            lossless=args.lossless,
            fps=args.fps,
        )
    return _told(found, args.out, args.json)


def run_import(args: argparse.Namespace) -> int:
    """Import `args.source` to the new store `args.out`."""
    from robot_rl.replay.lerobot_import import import_lerobot
    from robot_rl.replay.lerobot_options import Foreign

    given = {"image_size": args.image_size, "rate_hz": args.rate, "terminal": args.terminal, "task": args.task}
    given |= {
        "robot": args.robot,
        "like": None if args.like is None else Path(args.like),
        "cameras": _cameras(args.camera or []),
    }
    options = {key: value for key, value in given.items() if value is not None and value != {}}
    if args.scale_actions:
        options["scale_actions"] = True
    with _progress() as progress:
        bar = progress.add_task("frames")
        found = import_lerobot(
            args.source,
            args.out,
            lambda done, total: progress.update(bar, completed=done, total=total),
            foreign=Foreign(**options) if options else None,
        )
    return _told(found, args.out, args.json)


def _cameras(words: list[str]) -> dict[str, str]:
    for word in words:
        if not all(word.partition("=")):
            raise UsageError(f"--camera got '{word}': write NAME=FEATURE, as in wrist=observation.images.laptop.")
    return {name: key for name, _, key in (word.partition("=") for word in words)}


def _progress() -> Progress:
    return Progress(console=Console(stderr=True), disable=not sys.stderr.isatty())


def _told(found: Exported | Imported, out: str, as_json: bool) -> int:
    print("\n".join([*found.sentences(), f"Written to '{out}'."]))
    if as_json:
        print(json.dumps({"out": out, **dataclasses.asdict(found)}))
    return 0
