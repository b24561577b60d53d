"""`robot-rl report RUN RUN...`: one page with the learning curves of several runs, and what each came to."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from robot_rl.cli.report_charts import runs_chart
from robot_rl.cli.report_page import header, page, section
from robot_rl.cli.report_runs import Compared, compare
from robot_rl.cli.report_sections import grid, table
from robot_rl.core.files import write_atomic

HEAD = ("settings", "run", "seed", "frozen policy", "steps", "updates", "minutes", "steps to 50 %", "steps to 90 %")


def write_comparison(paths: list[Path], out: Path) -> list[dict[str, Any]]:
    """Write the page to `out` and return the figures of each run, those of the same settings together.

    Raises UsageError where a run does not exist or is named twice.
    """
    runs = compare(paths)
    figures = [run.figures() for run in runs]
    out.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(out, _page(runs, figures, out.stem).encode())
    return figures


def _page(runs: Sequence[Compared], figures: list[dict[str, Any]], title: str) -> str:
    tasks = ", ".join(dict.fromkeys(run.task for run in runs))
    notes = "".join(f"<p class=none>{escape(f'{run.data.run.name}: {n}')}</p>" for run in runs for n in run.data.notes)
    success = [run.curve.rolling for run in runs]
    by_hand = [run.curve.rolling_interventions for run in runs]
    learning = _curves(runs, success) if any(map(len, success)) else ""
    helped = _curves(runs, by_hand) if any(shares.any() for shares in by_hand) else ""
    parts = [
        header(title, f"{tasks} · {len(runs)} runs"),
        notes,
        section("Success of training episodes", learning, "No training episode is complete yet."),
        section("Steps by hand", helped, "Nobody intervened."),
        section("Runs", table(HEAD, [_row(row) for row in figures]), ""),
    ]
    return page(title, parts)


def _curves(runs: Sequence[Compared], shares: Sequence[np.ndarray]) -> str:
    """The `shares` (n,) of each run, a line a run and a colour for each group, over steps and over minutes."""
    known = list(zip(runs, shares, strict=True))
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
