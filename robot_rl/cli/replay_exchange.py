"""`robot-rl replay import | export`: stores from and to the formats of others."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    SubParsers = argparse._SubParsersAction[argparse.ArgumentParser]

FORMATS = {"bag": "robot_rl.cli.replay_bags", "lerobot": "robot_rl.cli.replay_lerobot"}
"""Format -> its module, with `add_export_options`, `export_store`, `add_import_options`, `import_sources`."""
DEFAULT = "bag"
EVERY = 50
"""Rows between two updates of the progress bar."""


def add_commands(commands: SubParsers) -> None:
    """Add `import` and `export` to the commands of `replay`."""
    text = "write a store in another format"
    parser = commands.add_parser("export", help=text, description=f"{text}; {_known()}.")
    parser.add_argument("store", metavar="STORE", help="path of a replay store")
    parser.add_argument("out", metavar="OUT", help="what to write; it must not exist")
    _complete(parser, "export_store", "add_export_options")
    text = "append what others recorded to a store"
    parser = commands.add_parser("import", help=text, description=f"{text}; {_known()}.")
    parser.add_argument("sources", metavar="SOURCE", nargs="+", help="what to read")
    parser.add_argument("store", metavar="STORE", help="path of the replay store, created where there is none")
    _add_what_is_missing(parser)
    _complete(parser, "import_sources", "add_import_options")


def _add_what_is_missing(parser: argparse.ArgumentParser) -> None:
    """Options that every format's sources may need."""
    parser.add_argument("--robot", help="robot, a name or a YAML file, where the source does not say it")
    parser.add_argument("--task", help="name of the task, where the source does not say it")
    parser.add_argument("--camera", metavar="NAME=WHERE", action="append", default=[], help="a camera's images; repeat")
    parser.add_argument("--image-size", type=int, help="height and width of the store's images (default: the store's)")
    parser.add_argument("--rate", type=float, help="observations per second that are made of the source")


@contextlib.contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error, where that is a terminal, for calls with (done, total)."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        bar = progress.add_task(what, total=None)

        def update(done: int, total: int) -> None:
            if done % EVERY == 0 or done == total:
                progress.update(bar, completed=done, total=total)

        yield update


def _complete(parser: argparse.ArgumentParser, run: str, add_options: str) -> None:
    parser.add_argument("--format", choices=tuple(FORMATS), default=DEFAULT, help="format (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    for name in FORMATS:
        getattr(_module(name), add_options)(parser.add_argument_group(name))
    parser.set_defaults(run=lambda args: getattr(_module(args.format), run)(args))


def _module(name: str) -> ModuleType:
    return importlib.import_module(FORMATS[name])


def _known() -> str:
    return "; ".join(f"{name}: {(_module(name).__doc__ or '').splitlines()[0].rstrip('.')}" for name in FORMATS)
