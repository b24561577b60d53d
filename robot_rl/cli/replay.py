"""`robot-rl replay info | verify | episodes | import | export`: looks into replay stores, and in and out of them."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.progress import Progress

from robot_rl.cli import replay_exchange
from robot_rl.cli.filmstrip import film_strip, png_bytes, stacked
from robot_rl.cli.store_figures import sparkline, store_figures
from robot_rl.core.errors import UsageError
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
        ("episodes", _episodes, "list the episodes of a store, or draw film strips of some"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("store", metavar="STORE", help="path of a replay store (a .zarr directory)")
        command.add_argument("--json", action="store_true", help="print one JSON object as the last line")
        command.set_defaults(run=run)
        if name == "episodes":
            command.add_argument(
                "--film", nargs=2, metavar=("N", "OUT.png"), help="draw N episodes, evenly spread over the store"
            )


def _info(args: argparse.Namespace) -> int:
    figures = store_figures(ReplayReader(args.store))
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

    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        bar = progress.add_task("rows")
        found = verify(args.store, lambda done, total: progress.update(bar, completed=done, total=total))
    for problem in found.problems:
        print(problem)
    verdict = f"{len(found.problems)} problems" if found.problems else "no problem"
    print(f"{found.rows} rows, {found.episodes} episodes, {found.missing_steps} steps never arrived: {verdict}.")
    if args.json:
        values = {"rows": found.rows, "episodes": found.episodes, "missing_steps": found.missing_steps}
        print(json.dumps({**values, "problems": list(found.problems)}))
    return 1 if found.problems else 0


def _episodes(args: argparse.Namespace) -> int:
    reader = ReplayReader(args.store)
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
