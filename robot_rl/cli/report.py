"""`robot-rl report RUN`: one self-contained HTML page that shows how a run went."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from datetime import datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from robot_rl.cli import report_sections as sections
from robot_rl.cli.report_data import RunData, load_run
from robot_rl.config.run_dir import RunDir

if TYPE_CHECKING:
    SubParsers = argparse._SubParsersAction[argparse.ArgumentParser]

STYLE = """
:root{color-scheme:light;--ink:#1f2937;--faint:#6b7280;--line:#e5e7eb;--blue:#2563eb;--green:#059669}
*{box-sizing:border-box}
body{margin:0;background:#f6f7f9;color:var(--ink);font:15px/1.5 system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:1120px;margin:0 auto;padding:32px 20px 64px}
h1{font-size:26px;margin:0}h2{font-size:17px;margin:0 0 10px}
header p{margin:2px 0 20px;color:var(--faint)}
section{background:#fff;border:1px solid var(--line);border-radius:12px;padding:18px 20px;margin-top:16px}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(121px,1fr));gap:12px}
.card{background:#fff;border:1px solid var(--line);border-radius:12px;padding:12px}
.card b{display:block;font-size:18px;font-variant-numeric:tabular-nums;white-space:nowrap}.good>b{color:var(--green)}
.card span{color:var(--faint);font-size:13px}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:14px}
.grid.wide{grid-template-columns:repeat(auto-fit,minmax(440px,1fr))}
.grid.wide>div,.grid>div{min-width:0}
svg{width:100%;height:auto;display:block}
svg text{font-family:system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif!important}
.big{font-size:30px;margin-right:6px}
.bar{position:relative;height:14px;border-radius:7px;background:#eef0f3;margin-top:12px}
.bar i{position:absolute;top:0;bottom:0;border-radius:7px;background:#a7e3cd}
.bar b{position:absolute;top:-4px;bottom:-4px;width:4px;margin-left:-2px;border-radius:2px;background:var(--green)}
.scale{display:flex;justify-content:space-between;color:var(--faint);font-size:12px}
figure{margin:0 0 16px}figcaption{margin-bottom:6px}figcaption em{color:var(--faint);font-style:normal;float:right}
figure img{width:100%;border-radius:6px;display:block}
.tag{background:#f1f2f4;border-radius:9px;padding:1px 9px;font-size:13px}.tag.good{background:#d7f5e8;color:#065f46}
table{border-collapse:collapse;width:100%}th{color:var(--faint);font-weight:500}
th,td{text-align:left;padding:6px 10px 6px 0;border-bottom:1px solid var(--line)}
td:last-child,th:last-child{text-align:right;font-variant-numeric:tabular-nums}
pre{overflow:auto;font-size:12px;background:#f6f7f9;padding:12px;border-radius:8px}
summary{cursor:pointer}.none{color:var(--faint);margin:0}.note{color:var(--faint);margin:0 0 14px}
"""

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
    draft = data.run.path / f".report.{os.getpid()}.tmp"
    draft.write_text(page(data), encoding="utf-8")
    draft.replace(data.run.report)
    return data.run.report


def page(data: RunData) -> str:
    """The whole page, in need of no other file and no network."""
    parts = [_header(data)]
    for title, draw, otherwise in SECTIONS:
        text = otherwise.format(run=data.run.name)
        parts.append(f"<section><h2>{title}</h2>{draw(data) or f'<p class=none>{escape(text)}</p>'}</section>")
    title = escape(f"{data.run.name} - robot_rl")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{STYLE}</style></head><body><main>{''.join(parts)}</main></body></html>\n"
    )


def _header(data: RunData) -> str:
    cards = "".join(
        f'<div class="card {kind}"><b>{escape(value)}</b><span>{escape(text)}</span></div>'
        for value, text, kind in _key_figures(data)
    )
    notes = "".join(f"<p class=none>{escape(note)}</p>" for note in data.notes)
    about = " · ".join(str(data.say(key)) for key in ("task", "robot") if data.say(key) is not None)
    written = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")
    return (
        f"<header><h1>{escape(data.run.name)}</h1><p>{escape(about)} · report of {written}</p></header>"
        f'{notes}<div class="cards">{cards}</div>'
    )


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
    text = "write report.html of a run: learning curve, evaluation, film strips, safety, timing"
    parser = subparsers.add_parser("report", help=text, description=text)
    parser.add_argument("run_name", metavar="RUN", help="name of a run below runs/, or its path")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    path = write_report(RunDir.named(args.run_name).path)
    print(path)
    if args.json:
        print(json.dumps({"report": str(path)}))
    return 0
