"""`robot-rl report RUN`: one self-contained HTML page that shows how a run went."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robot_rl.cli import report_sections as sections
from robot_rl.cli.report_compare import write_comparison
from robot_rl.cli.report_data import RunData, load_run
from robot_rl.cli.report_page import header, page, section
from robot_rl.config.run_dir import RunDir
from robot_rl.core.errors import UsageError
from robot_rl.core.files import write_atomic

if TYPE_CHECKING:
    SubParsers = argparse._SubParsersAction[argparse.ArgumentParser]

SECTIONS: tuple[tuple[str, Callable[[RunData], str], str], ...] = (
    ("Evaluation", sections.evaluation, "Not evaluated yet: `robot-rl eval {run}`."),
    ("Learning curve", sections.learning, "No training episode is complete yet."),
    ("Interventions", sections.interventions, "Nobody intervened."),
    ("Episodes", sections.films, "No episode is complete yet."),
    ("Training", sections.training, "No metrics were written yet."),
    ("Learning alarms", sections.health, "None was raised."),
    ("Safety events", sections.safety, "None was recorded."),
    ("Timing", sections.timing, "No steps were recorded yet."),
    ("Configuration", sections.configuration, "No configuration was recorded."),
)


def write_report(run_dir: Path | str) -> Path:
    """Write `report.html` into a run directory and return its path.

    Missing parts of the run are said to be missing. Raises UsageError if there is no such directory.
    """
    data = load_run(run_dir)
    write_atomic(data.run.report, _page(data).encode())
    return data.run.report


def _page(data: RunData) -> str:
    parts = [section(title, draw(data), otherwise.format(run=data.run.name)) for title, draw, otherwise in SECTIONS]
    return page(data.run.name, [_header(data), *parts])


def _header(data: RunData) -> str:
    cards = "".join(
        f'<div class="card {kind}"><b>{escape(value)}</b><span>{escape(text)}</span></div>'
        for value, text, kind in _key_figures(data)
    )
    notes = "".join(f"<p class=none>{escape(note)}</p>" for note in data.notes)
    about = " · ".join(str(data.say(key)) for key in ("task", "robot") if data.say(key) is not None)
    return f'{header(data.run.name, about)}{notes}<div class="cards">{cards}</div>'


def _key_figures(data: RunData) -> list[tuple[str, str, str]]:
    """(figure, what it is, CSS class) of each card; what is not known has no card."""
    cards: list[tuple[str, str, str]] = []
    if data.evaluation:
        low, high = (100.0 * bound for bound in data.evaluation["ci95"])
        rate = f"{100.0 * data.evaluation['success_rate']:.0f} %"
        cards.append((rate, f"success, {low:.0f} to {high:.0f}\N{NO-BREAK SPACE}%", "good" if low > 50.0 else ""))
    if (seconds := data.say("train_wall_s")) is not None:
        cards.append((_duration(float(seconds)), "training time", ""))
    for key, text in (("env_steps", "environment steps"), ("updates", "updates"), ("policy_version", "policy version")):
        if (value := data.say(key)) is not None:
            cards.append((f"{int(value):,}", text, ""))
    if data.training:
        cards.append((f"{len(data.training.episodes):,}", "training episodes", ""))
        if any(helped := data.training.interventions):
            share = sum(helped) / max(sum(episode.length for episode in data.training.episodes), 1)
            cards.append((f"{100.0 * share:.0f} %", "steps by intervention", ""))
    if data.demos:
        cards.append((f"{sum(len(store.episodes) for store in data.demos):,}", "demonstrations", ""))
    return cards


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min {rest:02d} s"


def add_parser(subparsers: SubParsers) -> None:
    """Add `report` to the command line."""
    text = "write report.html of a run: learning curve, evaluation, film strips, safety, timing; or compare several"
    parser = subparsers.add_parser("report", help=text, description=text)
    parser.add_argument("run_names", metavar="RUN", nargs="+", help="names of runs below runs/, or their paths")
    parser.add_argument("--out", metavar="FILE", help="page that compares several runs (default: runs/compared.html)")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    paths = [RunDir.named(name).path for name in args.run_names]
    if len(paths) > 1:
        path = Path(args.out or "runs/compared.html").absolute()
        said: dict[str, Any] = {"runs": write_comparison(paths, path)}
    elif args.out:
        raise UsageError(f"--out is '{args.out}', but the report of one run lies in the run: name several runs.")
    else:
        path, said = write_report(paths[0]), {}
    print(path)
    if args.json:
        print(json.dumps({"report": str(path), **said}))
    return 0
