"""`robot-rl replay info | verify | compact | episodes | import | export`: what one does with replay stores."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.progress import Progress

from robot_rl.cli import replay_exchange
from robot_rl.cli.filmstrip import film_strip, png_bytes, stacked
from robot_rl.cli.store_figures import sparkline, store_figures
from robot_rl.core.errors import RobotRLError, UsageError
from robot_rl.replay.compact import compact
from robot_rl.replay.damage import exclusion_path, write_excluded
from robot_rl.replay.reader import Episode, ReplayReader

if TYPE_CHECKING:
    SubParsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_parser(subparsers: SubParsers) -> None:
    """Add `replay` and its commands to the command line."""
    parser = subparsers.add_parser("replay", help="look into replay stores, import and export them")
    commands = parser.add_subparsers(dest="replay_command", required=True, metavar="COMMAND")
    replay_exchange.add_commands(commands)
    for name, run, text in (
        ("info", _info, "sizes, episodes, sources, rewards, actions and ages of a store"),
        ("verify", _verify, "check every row of a store; exit code 1 if anything is wrong"),
        ("compact", _compact, "compress the image chunks that are full, losslessly and in place, also during a run"),
        ("episodes", _episodes, "list the episodes of a store, or draw film strips of some"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("store", metavar="STORE", help="path of a replay store (a .zarr directory)")
        command.add_argument("--json", action="store_true", help="print one JSON object as the last line")
        command.set_defaults(run=run)
        if name == "verify":
            command.add_argument(
                "--exclude", action="store_true", help="let readers leave out the torn rows from now on, and those only"
            )
        if name == "episodes":
            command.add_argument(
                "--film", nargs=2, metavar=("N", "OUT.png"), help="draw N episodes, evenly spread over the store"
            )


def _info(args: argparse.Namespace) -> int:
    figures = store_figures(_reader(args.store))
    if args.json:
        print(json.dumps(figures))
        return 0
    for key, value in figures.items():
        for name, item in _lines(key, value):
            print(f"{name:22} {item}")
    return 0


def _lines(key: str, value: Any) -> list[tuple[str, str]]:
    """A figure as lines of (name, text); nested ones get a line for each entry."""
    if isinstance(value, dict) and any(isinstance(item, dict) for item in value.values()):
        return [(f"{key} {name}", _text(item)) for name, item in value.items()]
    return [(key, _text(value))]


def _text(value: Any) -> str:
    if isinstance(value, dict) and "histogram" in value:
        bars = sparkline(value["histogram"])
        return f"{value['from']:g} |{bars}| {value['to']:g}   mean {value['mean']:g}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {item}" for name, item in value.items())
    return "-" if value is None else str(value)


def _verify(args: argparse.Namespace) -> int:
    from robot_rl.replay.verify import verify  # imports zarr, which takes a second

    with _progress("rows") as update:
        found = verify(args.store, update)
    for problem in found.problems:
        print(problem)
    verdict = f"{len(found.problems)} problems" if found.problems else "no problem"
    print(f"{found.rows} rows, {found.episodes} episodes, {found.missing_steps} steps never arrived: {verdict}.")
    if args.exclude:
        _exclude(Path(args.store), found.torn)
        count = sum(last - first + 1 for first, last in found.torn)
        print(f"{count} torn rows are left out by every reader from now on ('{exclusion_path(Path(args.store))}').")
    if args.json:
        print(json.dumps(dataclasses.asdict(found)))
    return 1 if found.problems else 0


def _exclude(store: Path, spans: Sequence[tuple[int, int]]) -> None:
    try:
        write_excluded(store, spans)
    except OSError as error:
        raise RobotRLError(f"cannot write '{exclusion_path(store)}': {error.strerror}: make it writable.") from error


def _compact(args: argparse.Namespace) -> int:
    with _progress("chunks") as update:
        done = compact(args.store, update)
    for file in done.damaged:
        print(f"chunk '{file}' is damaged and left as it is: see `robot-rl replay verify`.")
    print(
        f"{done.compressed} of {done.chunks} full image chunks compressed in {done.seconds:.1f} s: "
        f"{done.bytes_before / 1e6:.1f} MB to {done.bytes_after / 1e6:.1f} MB, {done.ratio:.1f} times smaller than raw."
    )
    if args.json:
        print(json.dumps({**dataclasses.asdict(done), "ratio": round(done.ratio, 3)}))
    return 1 if done.damaged else 0


@contextlib.contextmanager
def _progress(unit: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on a terminal: what it gives is called with the units done and their total."""
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        bar = progress.add_task(unit)
        yield lambda done, total: progress.update(bar, completed=done, total=total)


def _reader(store: str) -> ReplayReader:
    """A reader of the store, what is damaged in it told to the person."""
    reader = ReplayReader(store)
    if reader.warning:
        print(reader.warning, file=sys.stderr)
    return reader


def _episodes(args: argparse.Namespace) -> int:
    reader = _reader(args.store)
    episodes = reader.episodes()
    if args.film:
        return _film(reader, episodes, *args.film, as_json=args.json)
    print(f"{'episode':>7} {'rows':>15} {'steps':>5} {'return':>8}  source        end")
    for number, episode in enumerate(episodes):
        rows = f"{episode.start}-{episode.stop - 1}"
        source, end = episode.source.name.lower(), _end(episode)
        print(f"{number:7} {rows:>15} {episode.length:5} {episode.reward_sum:8.3f}  {source:13} {end}")
    if args.json:
        print(json.dumps({"episodes": [_plain(episode) for episode in episodes]}))
    return 0


def _film(reader: ReplayReader, episodes: list[Episode], count: str, out: str, *, as_json: bool) -> int:
    if not count.isdecimal() or int(count) < 1:
        raise UsageError(f"--film got N '{count}': give a number of episodes, at least 1.")
    if not episodes:
        raise UsageError(f"replay store '{reader.path}' has no episode to draw: record some first.")
    chosen = np.unique(np.linspace(0, len(episodes) - 1, int(count)).round().astype(int)).tolist()
    try:
        Path(out).write_bytes(png_bytes(stacked([film_strip(reader, episodes[k]) for k in chosen])))
    except OSError as error:
        raise UsageError(f"cannot write '{out}': {error.strerror}; give a path that can be written.") from None
    print(f"episodes {', '.join(map(str, chosen))} of '{reader.path}' drawn to '{out}'.")
    if as_json:
        print(json.dumps({"film": out, "episodes": chosen}))
    return 0


def _end(episode: Episode) -> str:
    if not episode.complete:
        return "incomplete"
    return "success" if episode.success else "terminated" if episode.terminal else "time limit"


def _plain(episode: Episode) -> dict[str, Any]:
    return {
        "start": episode.start,
        "stop": episode.stop,
        "length": episode.length,
        "run_id": episode.run_id,
        "number": episode.number,
        "return": episode.reward_sum,
        "source": episode.source.name.lower(),
        "end": _end(episode),
    }
