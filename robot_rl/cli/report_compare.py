"""`robot-rl report RUN RUN...`: one page with the learning curves of several runs, and what each came to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from robot_rl.cli.report_charts import runs_chart
from robot_rl.cli.report_page import page, section
from robot_rl.cli.report_runs import Compared, compare
from robot_rl.cli.report_sections import grid, table
from robot_rl.core.files import write_atomic

HEAD = ("settings", "run", "seed", "frozen policy", "steps", "updates", "minutes", "steps to 50 %", "steps to 90 %")


def write_comparison(paths: list[Path], out: Path) -> list[dict[str, Any]]:
    """Write the page to `out` and return the figures of each run, those of the same settings together.

    Raises UsageError where a run does not exist or is named twice.
    """
    runs = compare(paths)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(out, _page(runs, out.stem).encode())
    return [run.figures() for run in runs]


def _page(runs: Sequence[Compared], title: str) -> str:
    written = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")
    tasks = ", ".join(dict.fromkeys(run.task for run in runs))
    notes = "".join(f"<p class=none>{escape(f'{run.data.run.name}: {n}')}</p>" for run in runs for n in run.data.notes)
    parts = [
        f"<header><h1>{escape(title)}</h1><p>{escape(tasks)} · {len(runs)} runs · report of {written}</p></header>",
        notes,
        section("Success of training episodes", _curves(runs, "rolling"), "No training episode is complete yet."),
        section("Steps by hand", _curves(runs, "rolling_interventions"), "Nobody intervened."),
        section("Runs", table(HEAD, [_row(run.figures()) for run in runs]), ""),
    ]
    return page(title, parts)


def _curves(runs: Sequence[Compared], name: str) -> str:
    """Means over the last 20 episodes, a line a run and a colour for each group, over steps and over minutes."""
    known = [(run, getattr(run.curve, name)) for run in runs]
    if not any(y.any() for _, y in known) and name != "rolling" or not any(len(y) for _, y in known):
        return ""
    steps = [(run.group, run.curve.steps, y) for run, y in known]
    timed = [(run.group, run.curve.minutes, y) for run, y in known if np.isfinite(run.curve.minutes).all()]
    charts = [runs_chart("environment steps", steps)]
    return grid(charts + ([runs_chart("training time [min]", timed)] if timed else []), "wide")


def _row(figures: dict[str, Any]) -> tuple[str, ...]:
    tried = figures["episodes"]
    minutes = figures["train_wall_s"]
    return (
        figures["group"],
        figures["run"],
        _number(figures["seed"]),
        f"{figures['successes']} of {tried}" if tried else "-",
        _number(figures["env_steps"]),
        _number(figures["updates"]),
        "-" if minutes is None else f"{minutes / 60.0:.1f}",
        _number(figures["steps_to_half"]),
        _number(figures["steps_to_90"]),
    )


def _number(value: Any) -> str:
    return "-" if value is None else f"{int(value):,}"
