"""Several runs beside each other: what they were told otherwise, and how each went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from robot_rl.cli.report_data import Curve, RunData, load_run
from robot_rl.config.run_dir import as_text
from robot_rl.core.errors import UsageError

WINDOW = 20
_OWN = frozenset({"seed", "stream", "run", "run_dir", "store", "demos", "domain", "budget_s", "title", "timing_file"})
"""Parameters that make no other method of a run: its seed, its place, and how long it was let."""


@dataclass(frozen=True)
class Compared:
    """A run among others, the `settings` in which not all runs of its task agree, and what came of it."""

    data: RunData
    task: str
    settings: tuple[tuple[str, str], ...]
    curve: Curve

    @property
    def group(self) -> str:
        """What runs have in common that differ by their seed alone."""
        return ", ".join([self.task, *(f"{name} {value}" for name, value in self.settings)])

    def figures(self) -> dict[str, Any]:
        """One row of the table: seed, success of the frozen policy, steps and time of training, and how fast it came.

        `steps_to_half` and `steps_to_90` are the environment steps until that share of the newest 20 training episodes
        succeeded unaided; None where it never did.
        """
        data, known = self.data, self.data.evaluation
        return {
            "run": data.run.name,
            "group": self.group,
            "seed": data.say("seed"),
            "successes": known.get("successes"),
            "episodes": known.get("episodes"),
            "env_steps": data.say("env_steps"),
            "updates": data.say("updates"),
            "train_wall_s": data.say("train_wall_s"),
            "steps_to_half": self._steps_to(0.5),
            "steps_to_90": self._steps_to(0.9),
        }

    def _steps_to(self, share: float) -> int | None:
        reached = np.flatnonzero(self.curve.rolling[WINDOW - 1 :] >= share)
        return int(self.curve.steps[WINDOW - 1 + reached[0]]) if len(reached) else None


def compare(paths: list[Path]) -> list[Compared]:
    """The runs at `paths`, those of one group together; UsageError where one is no run or is named twice."""
    runs = [load_run(path) for path in paths]
    twice = [run.run.path for k, run in enumerate(runs) if run.run.path in [other.run.path for other in runs[:k]]]
    if twice:
        raise UsageError(f"run '{twice[0]}' is named twice: name each run once.")
    told = [_settings(run.config) for run in runs]
    tasks = [str(run.say("task", "unknown task")) for run in runs]
    compared = []
    for run, task, own in zip(runs, tasks, told, strict=True):
        names = _differing([other for other, of in zip(told, tasks, strict=True) if of == task])
        compared.append(Compared(run, task, tuple((name, own.get(name, "-")) for name in names), run.curve(WINDOW)))
    order = list(dict.fromkeys(run.group for run in compared))
    return sorted(compared, key=lambda run: order.index(run.group))


def _differing(told: list[dict[str, str]]) -> list[str]:
    """Settings in which not all agree."""
    return [name for name in dict.fromkeys(n for each in told for n in each) if len({t.get(name) for t in told}) > 1]


def _settings(config: Mapping[str, Any]) -> dict[str, str]:
    """What the learn graph ran with, by name; what all nodes share counts once, by its identity in the run."""
    identity = {key: value for key, value in config.get("identity", {}).items() if key not in _OWN}
    found = {key: as_text(value) for key, value in identity.items()}
    learn = config.get("graphs", {}).get("learn", {})
    nodes = learn.get("nodes", {}) if isinstance(learn, Mapping) else {}
    for parameters in nodes.values():
        _flatten("", {key: value for key, value in parameters.items() if key not in identity}, found)
    return found


def _flatten(prefix: str, tree: Mapping[str, Any], into: dict[str, str]) -> None:
    for key, value in tree.items():
        if key in _OWN:
            continue
        if isinstance(value, Mapping):
            _flatten(f"{prefix}{key}.", value, into)
        else:
            into.setdefault(f"{prefix}{key}", as_text(value))
