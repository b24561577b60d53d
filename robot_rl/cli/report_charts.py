"""The report's charts, as inline SVG drawn by matplotlib."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

INK, FAINT, GRID = "#1f2937", "#6b7280", "#e5e7eb"
BLUE, GREEN, ORANGE, RED, PURPLE = "#2563eb", "#059669", "#d97706", "#dc2626", "#9333ea"
_STYLE: Any = {
    "svg.fonttype": "none",  # text stays text: small, and in the page's font
    "svg.hashsalt": "robot_rl",
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": GRID,
    "axes.labelcolor": FAINT,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": GRID,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "legend.frameon": False,
    "legend.fontsize": 8,
}

LONGEST = 80
"""Characters of a group's name in a legend."""

Series = tuple[str, np.ndarray, np.ndarray, str]
"""Label, x (n,), y (n,), colour."""


def success_chart(
    x: np.ndarray,
    success: np.ndarray,
    rolling: np.ndarray,
    interval: np.ndarray,
    label: str,
    evaluation: tuple[float, float, float] | None,
) -> str:
    """Success of training episodes over `x` (n,) and, at the end, of the evaluation (rate, lower, upper).

    `interval` (2, n) are the lower and upper bound of the `rolling` success (n,).
    """
    with mpl.rc_context(_STYLE):
        figure, axes = _figure(6.2, 2.9)
        axes.scatter(x, success, s=16, color=BLUE, alpha=0.4, linewidths=0, label="episode")
        axes.plot(x, rolling, color=BLUE, linewidth=1.8, label="mean of last 20")
        axes.fill_between(x, *interval, color=BLUE, alpha=0.12, linewidth=0, label="its 95 % interval")
        if evaluation is not None:
            rate, low, high = evaluation
            at = x[-1] + 0.03 * max(x[-1] - x[0], 1e-9)
            axes.errorbar(
                [at], [rate], [[rate - low], [high - rate]], fmt="o", color=GREEN, capsize=3, label="evaluation"
            )
        axes.set_ylim(-0.05, 1.07)
        axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        axes.set_xlabel(label)
        axes.legend(loc="upper left", bbox_to_anchor=(0.0, 1.16), ncols=4, borderaxespad=0)
        return _svg(figure)


def interventions_chart(x: np.ndarray, share: np.ndarray, rolling: np.ndarray, label: str) -> str:
    """Share of steps (n,) that a person chose over `x` (n,), an episode a point, and its mean."""
    with mpl.rc_context(_STYLE):
        figure, axes = _figure(6.2, 2.2)
        axes.scatter(x, share, s=16, color=PURPLE, alpha=0.4, linewidths=0, label="episode")
        axes.plot(x, rolling, color=PURPLE, linewidth=1.8, label="mean of last 20")
        axes.fill_between(x, 0, rolling, color=PURPLE, alpha=0.07, linewidth=0)
        axes.set_ylim(-0.05, 1.07)
        axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        axes.set_xlabel(label)
        axes.legend(loc="upper left", bbox_to_anchor=(0.0, 1.2), ncols=2, borderaxespad=0)
        return _svg(figure)


def runs_chart(label: str, runs: Sequence[tuple[str, np.ndarray, np.ndarray]]) -> str:
    """Shares in [0, 1] of several runs (group, x (n,), y (n,)); runs of one group have its colour."""
    groups = list(dict.fromkeys(group for group, _, _ in runs))
    with mpl.rc_context(_STYLE):
        figure, axes = _figure(6.2, 3.4)
        for group, x, y in runs:
            index = groups.index(group)
            axes.plot(x, y, color=f"C{index % 10}", linestyle=("-", "--", ":")[index // 10 % 3], linewidth=1.4)
        axes.set_ylim(-0.05, 1.07)
        axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        axes.set_xlabel(label)
        handles = [axes.lines[[group for group, _, _ in runs].index(name)] for name in groups]
        names = [name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}" for name in groups]
        figure.legend(handles, names, loc="outside lower center", ncols=1 if max(map(len, names)) > 25 else 3)
        return _svg(figure)


def lines_chart(title: str, label: str, series: Sequence[Series], *, log: bool = False) -> str:
    """Lines over a common x, one colour each; '' when no value is finite."""
    series = [(name, x[ok], y[ok], colour) for name, x, y, colour in series if (ok := _usable(x, y, log)).any()]
    if not series:
        return ""
    with mpl.rc_context(_STYLE):
        figure, axes = _figure(4.0, 2.3)
        for name, x, y, colour in series:
            axes.plot(x, y, color=colour, linewidth=1.4, label=name)
        if log:
            axes.set_yscale("log")
            axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_title(title)
        axes.set_xlabel(label)
        if len(series) > 1:
            figure.legend(loc="outside lower center", ncols=len(series))
        return _svg(figure)


def histogram_chart(title: str, values: np.ndarray, colour: str = BLUE) -> str:
    """Histogram of times [ms] with median and 99th percentile; '' where there is none, or no time ever passed."""
    values = values[np.isfinite(values)]
    if not values.any():
        return ""
    middle, high = np.percentile(values, [50, 99])
    top = max(1.3 * high, middle * 1.5, 1e-3)
    with mpl.rc_context(_STYLE):
        figure, axes = _figure(4.0, 2.1)
        axes.hist(np.minimum(values, top), bins=40, range=(0.0, top), color=colour, alpha=0.75)
        axes.axvline(middle, color=INK, linewidth=1)
        axes.axvline(high, color=RED, linewidth=1, linestyle="--")
        axes.set_title(title)
        axes.set_xlabel(f"ms; median {middle:.1f}, 99 % below {high:.1f}")
        axes.set_yticks([])
        return _svg(figure)


def _usable(x: np.ndarray, y: np.ndarray, log: bool) -> np.ndarray:
    usable: np.ndarray = np.isfinite(x) & np.isfinite(y) & ((y > 0) if log else True)
    return usable


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    axes.tick_params(length=0)
    axes.margins(x=0.02)
    return figure, axes


def _svg(figure: Figure) -> str:
    """The figure as an <svg> element that takes the width it is given."""
    text = io.StringIO()
    figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    svg = text.getvalue()
    return svg[svg.index("<svg") :]
