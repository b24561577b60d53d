"""What a run directory holds, read for the report; whatever is missing or damaged becomes a note."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from robot_rl.config.run_dir import RunDir
from robot_rl.core.errors import RobotRLError, UsageError
from robot_rl.core.statistics import success_interval
from robot_rl.replay.reader import Episode, ReplayReader


@dataclass(frozen=True)
class Store:
    """A replay store and its complete episodes, in order."""

    reader: ReplayReader
    episodes: list[Episode]

    @property
    def interventions(self) -> list[int]:
        """In how many steps of each episode a person acted in place of the policy."""
        return [episode.interventions for episode in self.episodes]


class Curve(NamedTuple):
    """The course of training, one entry (n,) an episode.

    `steps`: environment steps until its end; `minutes`: wall time, NaN where metrics.csv does not tell; `success`: 1
    where the policy succeeded unaided, else 0; `interventions`: share of its steps that a person chose. `rolling` and
    `rolling_interventions` are their means over the last episodes, the latter weighted by steps; `interval` (2, n) is
    the 95 % confidence interval of the former.
    """

    steps: np.ndarray
    minutes: np.ndarray
    success: np.ndarray
    rolling: np.ndarray
    interval: np.ndarray
    interventions: np.ndarray
    rolling_interventions: np.ndarray


@dataclass
class RunData:
    """All that the report shows of a run; absent parts are empty."""

    run: RunDir
    config: dict[str, Any] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)
    evaluation: dict[str, Any] = field(default_factory=dict)
    safety: dict[str, int] = field(default_factory=dict)
    metrics: dict[str, np.ndarray] = field(default_factory=dict)
    alarms: list[dict[str, str]] = field(default_factory=list)
    training: Store | None = None
    evaluated: Store | None = None
    demos: list[Store] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def say(self, key: str, default: Any = None) -> Any:
        """The first of evaluation, result and the run's identity that has `key`."""
        for source in (self.evaluation, self.result, self.config.get("identity", {}), self.config):
            if isinstance(source, Mapping) and source.get(key) is not None:
                return source[key]
        return default

    def parameter(self, node: str, name: str) -> Any:
        """What the training graph gave to `node` as its parameter `name`, None where it gave none."""
        found: Any = self.config
        for key in ("graphs", "learn", "nodes", node, name):
            found = found.get(key) if isinstance(found, Mapping) else None
        return found

    def curve(self, window: int = 20) -> Curve:
        """Success and interventions of the training episodes, with means over the last `window`."""
        episodes = self.training.episodes if self.training else []
        lengths = np.array([episode.length for episode in episodes], np.float64)
        helped = np.array(self.training.interventions if self.training else [], np.float64)
        success = np.array([episode.success for episode in episodes], np.float64) * (helped == 0)
        steps = np.cumsum(lengths)
        wins, tries = _rolling(success, window), _rolling(np.ones_like(success), window)
        bounds = [success_interval(int(won), int(tried)) for won, tried in zip(wins, tries, strict=True)]
        interval = np.reshape(bounds, (-1, 2)).T
        hands = _rolling(helped, window) / np.maximum(_rolling(lengths, window), 1.0)
        share = helped / np.maximum(lengths, 1.0)
        return Curve(steps, self._minutes(steps), success, wins / np.maximum(tries, 1.0), interval, share, hands)

    def _minutes(self, steps: np.ndarray) -> np.ndarray:
        known, wall = self.metrics.get("env_steps"), self.metrics.get("wall_s")
        if known is None or wall is None or not len(known):
            return np.full(len(steps), np.nan)
        usable = np.isfinite(known) & np.isfinite(wall)
        return np.interp(steps, np.maximum.accumulate(known[usable]), wall[usable]) / 60.0


def _rolling(values: np.ndarray, window: int) -> np.ndarray:
    """Sum of each value (n,) and the `window` - 1 before it."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    sums: np.ndarray = total[1:] - total[np.maximum(np.arange(len(values)) + 1 - window, 0)]
    return sums


def load_run(path: Path | str) -> RunData:
    """Read the run at `path`; UsageError if it is no directory."""
    run = RunDir(Path(path).absolute())
    if not run.path.is_dir():
        raise UsageError(f"run '{path}' does not exist: give the name of a run below runs/, or its path.")
    data = RunData(run)
    try:
        data.config = run.read()
    except RobotRLError as error:
        data.notes.append(str(error))
    data.result = _json(run.result_json, data.notes)
    data.evaluation = _json(run.eval_json, data.notes)
    data.safety = _counts(_json(run.path / "safety.json", data.notes))
    data.metrics = _metrics(run.path / "metrics.csv")
    data.alarms = _rows(run.path / "alarms.csv")
    data.training = _store(run.replay, data.notes)
    data.evaluated = _store(run.eval_store, data.notes)
    data.demos = [store for path in _demo_paths(data) if (store := _store(path, data.notes))]
    _complete_evaluation(data)
    return data


def _demo_paths(data: RunData) -> list[Path]:
    """The run's own demonstrations, then those that its learner was given."""
    given = data.parameter("learner", "demos") or data.config.get("demos", [])
    given = [given] if isinstance(given, str) else list(given)
    return list(dict.fromkeys([data.run.demos, *(Path(path).absolute() for path in given)]))


def _complete_evaluation(data: RunData) -> None:
    """Keep the last evaluation's episodes of eval.zarr, and work out figures that eval.json does not give."""
    figures = data.evaluation
    if data.evaluated:
        count = int(figures.get("episodes") or len(data.evaluated.episodes))
        episodes = data.evaluated.episodes[-count:] if count else []
        data.evaluated = Store(data.evaluated.reader, episodes)
        figures.setdefault("episodes", len(episodes))
        figures.setdefault("successes", sum(episode.success for episode in episodes))
        if episodes:
            figures.setdefault("mean_length", float(np.mean([episode.length for episode in episodes])))
    if figures.get("episodes") and figures.get("successes") is not None:
        figures.setdefault("success_rate", figures["successes"] / figures["episodes"])
        figures.setdefault("ci95", list(success_interval(figures["successes"], figures["episodes"])))
    else:
        data.evaluation = {}


def _store(path: Path, notes: list[str]) -> Store | None:
    if not path.is_dir():
        return None
    try:
        reader = ReplayReader(path)
    except RobotRLError as error:
        notes.append(str(error))
        return None
    if reader.warning:
        notes.append(reader.warning)
    return Store(reader, [episode for episode in reader.episodes() if episode.complete])


def _json(path: Path, notes: list[str]) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        notes.append(f"'{path}' cannot be read as JSON.")
        return {}
    return found if isinstance(found, dict) else {}


def _counts(found: Mapping[str, Any]) -> dict[str, int]:
    """Safety events by reason, most frequent first; also where they lie below a key such as `counts`."""
    counts: dict[str, int] = {}
    for key, value in found.items():
        if isinstance(value, Mapping):
            counts.update(_counts(value))
        elif isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0:
            counts[str(key)] = int(value)
    return dict(sorted(counts.items(), key=lambda item: -item[1]))


def _metrics(path: Path) -> dict[str, np.ndarray]:
    """Columns of metrics.csv by name; NaN where a cell is empty or no number, a half-written last line included."""
    rows = _rows(path)
    names = [name for name in (rows[0] if rows else {}) if name]
    return {name: np.array([_number(row.get(name)) for row in rows]) for name in names}


def _rows(path: Path) -> list[dict[str, str]]:
    """Rows of a table by column; those that end before the last column have no value there."""
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return float("nan")
