"""The operator's screen: what `Progress` holds as one panel of a terminal."""

from __future__ import annotations

import math

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from robot_rl.control.progress import Progress, clock
from robot_rl.safety.reasons import Mode

ALARMS = tuple(mode.name for mode in Mode if mode.is_alarm)
EVENTS_SHOWN = 5


def screen(progress: Progress) -> Panel:
    """The panel; red where nothing moves before a person acts, yellow where a person is waited for."""
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="dim", no_wrap=True)
    rows.add_column()
    for label, text in _rows(progress).items():
        rows.add_row(label, text)
    parts: list[RenderableType] = [rows]
    if progress.notice:
        parts.append(Text(f"\n{progress.state}: {progress.notice}", style="bold red"))
    elif progress.countdown:
        parts.append(Text(f"\n{progress.call}", style="bold yellow", justify="center"))
    border = "red" if progress.notice else "yellow" if progress.call else "green"
    left = "" if progress.left_s is None else f", {clock(progress.left_s)} left"
    title = Text(f" {progress.title}  {clock(progress.elapsed_s)}{left} ", style="bold")
    return Panel(Group(*parts), title=title, border_style=border, title_align="left", expand=True)


def _rows(progress: Progress) -> dict[str, RenderableType]:
    rows: dict[str, RenderableType] = {"episode": _episode(progress)}
    if progress.episodes_wanted:
        rows["done"] = ProgressBar(progress.episodes_wanted, min(progress.counted, progress.episodes_wanted), width=40)
    rows["success"] = _success(progress)
    rows["steps"] = Text(f"{progress.steps:,}   {progress.steps_per_s:.1f} a second")
    if progress.learner():
        rows["learner"] = Text("   ".join(f"{label} {text}" for label, text in progress.learner().items()))
    rows["sources"] = _sources(progress)
    rows["action"] = _action(progress)
    rows["safety"] = _safety(progress)
    if progress.device:
        rows["device"] = Text(progress.device, style="bold red")
    if progress.choices:
        rows["you can"] = Text("\n".join(progress.ways), style="bold yellow" if progress.call else "")
        if not progress.keys:
            rows[""] = Text(f"by 'robot-rl episode {'|'.join(progress.choices)}'", style="dim")
    return rows


def _episode(progress: Progress) -> Text:
    of = f" of {progress.episodes_wanted}" if progress.episodes_wanted else ""
    text = Text(f"{progress.number}{of}   ").append(progress.state, style="bold")
    return text.append(f"   {progress.why}" if progress.why and not progress.notice else "", style="dim")


def _success(progress: Progress) -> Text:
    text = Text(f"{100 * progress.success_rate:.0f} % of the newest episodes")
    if progress.helped:
        text.append(f"   interventions in {100 * progress.intervention_rate:.0f} % of their steps", style="magenta")
    if progress.failed:
        text.append(f"   {progress.failed} failed", style="dim")
    if progress.discarded:
        text.append(f"   {progress.discarded} discarded", style="dim")
    return text


def _sources(progress: Progress) -> Text:
    """Age and rate of each source, red where it is too old or too slow."""
    vitals, text = progress.vitals, Text()
    for name, (age, rate) in vitals.sources.items():
        said = "silent" if math.isinf(age) else f"{1e3 * max(age, 0.0):.0f} ms {rate:.0f} Hz"
        text.append(f"{name} ").append(said, style="bold red" if vitals.trouble(name) else "green").append("   ")
    return text


def _action(progress: Progress) -> Text:
    actions = progress.actions
    if not actions.source:
        return Text("none yet", style="dim")
    rate = f"{actions.rate_hz:.1f} a second" if actions.rate_hz else "none now"
    return Text(f"{rate}   by {actions.source}   at most {1e3 * actions.latency_s:.0f} ms after its observation")


def _safety(progress: Progress) -> Text:
    alarm = progress.mode in ALARMS
    text = Text(progress.mode, style="bold red" if alarm else "bold")
    stopped = "SET" if progress.mode == "ESTOP" else "clear"
    text.append("   e-stop ").append(stopped, style="bold red" if stopped == "SET" else "green")
    events = progress.safety.most_common(EVENTS_SHOWN)
    return text.append("".join(f"   {name} {count}" for name, count in events), style="dim")
