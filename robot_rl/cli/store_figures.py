"""Figures of a replay store for people and for JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from robot_rl.core.record import Source
from robot_rl.core.statistics import success_interval
from robot_rl.replay.reader import ReplayReader

BARS = "▁▂▃▄▅▆▇█"


def store_figures(reader: ReplayReader) -> dict[str, Any]:
    """Sizes, episodes, sources, rewards, actions, ages: plain values that JSON can hold."""
    episodes = reader.episodes()
    complete = [episode for episode in episodes if episode.complete]
    successes = sum(episode.success for episode in complete)
    transitions, size = len(reader.index.transitions), disk_bytes(reader.path)
    return {
        "store": str(reader.path),
        **reader.meta,
        "rows": len(reader),
        "transitions": transitions,
        "disk_bytes": size,
        "bytes_per_transition": round(size / transitions, 1) if transitions else None,
        "episodes": len(complete),
        "episodes_incomplete": len(episodes) - len(complete),
        "successes": successes,
        "success_rate": round(successes / len(complete), 4) if complete else None,
        "success_ci95": [round(bound, 4) for bound in success_interval(successes, len(complete))],
        "mean_length": round(float(np.mean([e.length for e in complete])), 2) if complete else None,
        **_step_figures(reader),
    }


def _step_figures(reader: ReplayReader) -> dict[str, Any]:
    rows, spec = reader.index.transitions, reader.spec
    source, version = reader.take("source", rows), reader.take("policy_version", rows)
    age, action = reader.take("age", rows), reader.take("action", rows)
    return {
        "sources": {kind.name.lower(): int((source == kind).sum()) for kind in Source if (source == kind).any()},
        "policy_versions": [int(version.min()), int(version.max())] if len(rows) else None,
        "reward": _summary(reader.take("reward", rows)),
        "action": {name: _summary(action[:, k], (-1.0, 1.0)) for k, name in enumerate(spec.action.names)},
        "latency_ms": _percentiles(1e3 * reader.take("latency", rows)),
        "age_ms": {name: _percentiles(1e3 * age[:, k]) for k, name in enumerate(spec.sources)},
    }


def _summary(values: np.ndarray, span: tuple[float, float] | None = None) -> dict[str, Any] | None:
    if not len(values):
        return None
    counts, edges = np.histogram(values, bins=16, range=span)
    ends = {"min": values.min(), "mean": values.mean(), "max": values.max(), "from": edges[0], "to": edges[-1]}
    return {**{key: round(float(value), 4) for key, value in ends.items()}, "histogram": counts.tolist()}


def _percentiles(values: np.ndarray) -> dict[str, float] | None:
    if not len(values):
        return None
    return {name: round(float(np.percentile(values, q)), 2) for name, q in (("p50", 50), ("p99", 99), ("max", 100))}


def disk_bytes(path: Path) -> int:
    """Bytes that the files below `path` take on the disk."""
    return sum(512 * file.stat().st_blocks for file in path.rglob("*") if file.is_file())


def sparkline(counts: list[int]) -> str:
    """A histogram as one character a bin."""
    top = max([*counts, 1])
    return "".join(" " if not count else BARS[min(int(8 * count / top), 7)] for count in counts)
