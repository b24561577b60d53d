"""The report's sections: each turns run data into HTML, '' where the run has nothing for it."""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from robot_rl.cli.filmstrip import film_strip, png_bytes
from robot_rl.cli.report_charts import (
    BLUE,
    FAINT,
    GREEN,
    ORANGE,
    RED,
    Series,
    histogram_chart,
    interventions_chart,
    lines_chart,
    success_chart,
)
from robot_rl.cli.report_data import Curve, RunData, Store
from robot_rl.control.progress import clock
from robot_rl.core.errors import RobotRLError
from robot_rl.core.record import Source
from robot_rl.replay.reader import Episode
from robot_rl.safety.reasons import Reason

MAX_TIMES = 20_000
MAX_ALARMS = 50


def learning(data: RunData) -> str:
    """Success of training episodes over environment steps and over wall time."""
    curve = data.curve()
    if not len(curve.steps):
        return ""
    figures = data.evaluation
    end = (figures["success_rate"], *figures["ci95"]) if figures else None
    course = curve.success, curve.rolling, curve.interval
    charts = grid([success_chart(x, *course, text, end) for x, text in _courses(curve)], "wide")
    return _judge(data) + charts


def _judge(data: RunData) -> str:
    """Who said what success in training is, where it was not the simulator."""
    source = data.parameter("reward", "source")
    if source in (None, "simulator"):
        return ""
    judge = "a person" if source == "human" else f"the classifier {escape(Path(str(source)).name)}"
    return f"<p>Success of training episodes is what {judge} said.</p>"


def interventions(data: RunData) -> str:
    """Share of steps that a person chose in place of the policy, over environment steps and over wall time."""
    curve = data.curve()
    if not curve.interventions.any():
        return ""
    helped = data.training.interventions if data.training else []
    steps = int(curve.steps[-1])
    episodes = sum(count > 0 for count in helped)
    text = (
        f"A person acted in {sum(helped):,} of {steps:,} steps ({100.0 * sum(helped) / steps:.1f} %), in {episodes} of "
        f"{len(helped)} episodes; in {100.0 * curve.rolling_interventions[-1]:.1f} % of the newest 20 episodes' steps."
    )
    share, mean = curve.interventions, curve.rolling_interventions
    charts = [interventions_chart(x, share, mean, label) for x, label in _courses(curve)]
    return f"<p>{text} Their episodes count as no success of the policy.</p>{grid(charts, 'wide')}"


def _courses(curve: Curve) -> list[tuple[np.ndarray, str]]:
    """What the curves are drawn over."""
    timed = [(curve.minutes, "training time [min]")] if np.isfinite(curve.minutes).all() else []
    return [(curve.steps, "environment steps"), *timed]


def evaluation(data: RunData) -> str:
    """Success of the frozen policy with its confidence interval."""
    figures = data.evaluation
    if not figures:
        return ""
    low, high = (100.0 * bound for bound in figures["ci95"])
    rate = 100.0 * figures["success_rate"]
    bar = (
        f'<div class="bar"><i style="left:{low:.2f}%;width:{high - low:.2f}%"></i><b style="left:{rate:.2f}%"></b>'
        '</div><div class="scale"><span>0 %</span><span>50 %</span><span>100 %</span></div>'
    )
    length = figures.get("mean_length")
    text = f"{figures['successes']} of {figures['episodes']} episodes with the frozen policy"
    text += f", {length:.1f} steps on average" if length is not None else ""
    interval = f"95 % confidence interval {low:.1f} to {high:.1f} % (Wilson)"
    return f'<p><strong class="big">{rate:.0f} %</strong> {text}; {interval}.</p>{bar}'


def training(data: RunData) -> str:
    """Values, losses, temperature and speed over environment steps."""
    metrics = data.metrics

    def series(*wanted: tuple[str, str, str]) -> list[Series]:
        x = metrics.get("env_steps", metrics.get("wall_s"))
        return [(text, x, metrics[name], colour) for name, text, colour in wanted if x is not None and name in metrics]

    label = "environment steps" if "env_steps" in metrics else "wall time [s]"
    q = series(("q_max", "largest", FAINT), ("q_mean", "mean", BLUE), ("q_min", "smallest", ORANGE))
    charts = [
        lines_chart("Q of the batch", label, q),
        lines_chart("Critic loss", label, series(("critic_loss", "", BLUE)), log=True),
        lines_chart("Actor loss", label, series(("actor_loss", "", BLUE))),
        lines_chart("Temperature", label, series(("alpha", "", ORANGE)), log=True),
        lines_chart("Policy entropy", label, series(("entropy", "", GREEN))),
        lines_chart("Spread of the critics", label, series(("q_spread", "", RED))),
        lines_chart("Updates per second", label, series(("updates_per_s", "", BLUE))),
        lines_chart("Updates per environment step", label, series(("utd", "", BLUE))),
    ]
    return grid(charts)


def health(data: RunData) -> str:
    """Alarms of the learner in order: when each began, in figures, and what helps."""
    rows = [
        (f"{clock(float(row['wall_s']))} min", row["updates"], row["alarm"], f"{row['text']}: {row['advice']}")
        for row in data.alarms
        if row.get("advice")
    ]
    shown = rows[-MAX_ALARMS:]
    cut = (
        f"<p class=none>The first {len(rows) - len(shown)} of {len(rows)} are left out.</p>"
        if len(rows) > len(shown)
        else ""
    )
    return cut + table(("training time", "update", "alarm", "what"), shown) if rows else ""


def films(data: RunData) -> str:
    """A demonstration, training episodes (first, last, most helped), an evaluation success and failure."""
    chosen: list[tuple[str, Store, Episode]] = []
    if data.demos and (moving := _moving(data.demos[0])):
        chosen.append(("Demonstration", data.demos[0], moving[0]))
    if data.training and (moving := _moving(data.training)):
        chosen.append(("First training episode", data.training, moving[0]))
        if len(moving) > 1:
            chosen.append(("Last training episode", data.training, moving[-1]))
        if any(helped := data.training.interventions):
            most = data.training.episodes[int(np.argmax(helped))]
            if most.start not in (moving[0].start, moving[-1].start):
                chosen.append(("Most intervention", data.training, most))
    if data.evaluated:
        for text, wanted in (("Evaluation, success", True), ("Evaluation, failure", False)):
            found = [episode for episode in _moving(data.evaluated) if episode.success == wanted]
            chosen += [(text, data.evaluated, found[0])] if found else []
    return "".join(_film(*film) for film in chosen)


def safety(data: RunData) -> str:
    """Safety events by reason, with what each means."""
    rows = [(name, _meaning(name), count) for name, count in data.safety.items()]
    return table(("event", "meaning", "count"), rows) if rows else ""


def timing(data: RunData) -> str:
    """Period from one observation to the next, latency from observation to command, age of each source when used."""
    stores = [("training", data.training), ("evaluation", data.evaluated), *(("demonstrations", s) for s in data.demos)]
    found = next(((text, store) for text, store in stores if store and store.episodes), None)
    if found is None:
        return ""
    text, reader = found[0], found[1].reader
    rows = reader.index.transitions[-MAX_TIMES:]
    age, stamps = 1e3 * reader.take("age", rows), reader.take("stamp_ns", rows)
    names = [f"camera {name}" for name in reader.spec.observation.cameras] + ["proprioception"]
    charts = [histogram_chart("Control period", 1e-6 * (reader.take("stamp_ns", rows + 1) - stamps), ORANGE)]
    charts += [histogram_chart("Observation to command", 1e3 * reader.take("latency", rows))]
    charts += [histogram_chart(f"Age, {name}", age[:, k], GREEN) for k, name in enumerate(names)]
    still = "" if age.any() else " Every source had age 0: in lockstep time stands still while the graph answers."
    return f"<p class=note>The last {len(rows):,} steps of {text}, by the node clock.{still}</p>{grid(charts)}"


def configuration(data: RunData) -> str:
    """The resolved configuration, folded."""
    if not data.config:
        return ""
    text = yaml.safe_dump(data.config, sort_keys=False)
    return f"<details><summary>config.yaml</summary><pre>{escape(text)}</pre></details>"


def _moving(store: Store) -> list[Episode]:
    """Episodes with at least one action; a task may be done at its first observation."""
    return [episode for episode in store.episodes if episode.length > 0]


def _meaning(name: str) -> str:
    reason = Reason.__members__.get(name.upper())
    return reason.value if reason else ""


def _film(title: str, store: Store, episode: Episode) -> str:
    try:
        data = base64.b64encode(png_bytes(film_strip(store.reader, episode))).decode()
    except RobotRLError as error:
        return f"<p>{escape(title)}: {escape(str(error))}</p>"
    end = "success" if episode.success else "terminated" if episode.terminal else "time limit"
    text = f"{episode.length} steps, return {episode.reward_sum:.2f}, "
    cameras = " · ".join(store.reader.spec.observation.cameras)
    cameras += "; purple: a person acts" if episode.source is Source.INTERVENTION else ""
    return (
        f"<figure><figcaption><strong>{escape(title)}</strong> {text}"
        f'<span class="tag {"good" if episode.success else ""}">{end}</span> <em>{escape(cameras)}</em></figcaption>'
        f'<img alt="{escape(title)}" src="data:image/png;base64,{data}"></figure>'
    )


def table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    """A table (HTML) of a heading and rows of text."""

    def line(tag: str, cells: tuple[Any, ...]) -> str:
        return "<tr>" + "".join(f"<{tag}>{escape(str(cell))}</{tag}>" for cell in cells) + "</tr>"

    return f"<table>{line('th', head)}{''.join(line('td', row) for row in rows)}</table>"


def grid(charts: list[str], kind: str = "") -> str:
    """Charts (HTML) beside each other as the width permits, '' where there is none."""
    drawn = "".join(f"<div>{chart}</div>" for chart in charts if chart)
    return f'<div class="grid {kind}">{drawn}</div>' if drawn else ""
