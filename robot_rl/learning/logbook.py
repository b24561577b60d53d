"""Metrics and alarms of a run for people: rows of metrics.csv and alarms.csv, TensorBoard scalars and texts."""

from __future__ import annotations

import csv
import time
from collections.abc import Mapping
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

from robot_rl.learning.health import Event

RETRY_S = 10.0
"""Wall time after which a disk that refused metrics is tried again; those between are not logged."""
COLUMNS = (
    "wall_s",
    "env_steps",
    "episodes",
    "success_rate",
    "updates",
    "updates_per_s",
    "utd",
    "q_mean",
    "q_min",
    "q_max",
    "q_spread",
    "critic_loss",
    "actor_loss",
    "alpha",
    "entropy",
    "intervention_rate",
)
ALARM_COLUMNS = ("wall_s", "env_steps", "updates", "alarm", "text", "advice")


def last_wall_s(run_dir: Path) -> float:
    """Training wall clock [s] up to the newest whole row of the run's metrics, 0 where there is none."""
    path = run_dir / "metrics.csv"
    if not path.is_file():
        return 0.0
    with path.open(newline="") as file:
        table = csv.DictReader(file)
        rows = [row for row in table if row[(table.fieldnames or COLUMNS)[-1]] is not None and row["wall_s"]]
    return float(rows[-1]["wall_s"]) if rows else 0.0


def _columns(path: Path) -> list[str]:
    """Columns of a table that was begun, perhaps by another version; [] where there is none."""
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file).fieldnames or [])


class Logbook:
    """Appends to `<run>/metrics.csv` and `<run>/tensorboard`; a run that goes on goes on in both."""

    def __init__(self, run_dir: Path) -> None:
        path = run_dir / "metrics.csv"
        begun = _columns(path)
        self._file = path.open("a", newline="")
        self._rows = csv.DictWriter(self._file, begun or COLUMNS, restval="", extrasaction="ignore")
        if not begun:
            self._rows.writeheader()
        self._alarms = run_dir / "alarms.csv"
        self._events = str(run_dir / "tensorboard")
        self._board: SummaryWriter | None = SummaryWriter(self._events, flush_secs=10)
        self._try_again = 0.0

    def write(self, metrics: Mapping[str, float]) -> None:
        """Log one set of metrics at its environment step; OSError where the disk refuses, tried anew RETRY_S later."""
        if time.monotonic() < self._try_again:
            return
        try:
            self._rows.writerow({name: f"{value:.6g}" for name, value in metrics.items()})
            self._file.flush()
            self._board = self._board or SummaryWriter(self._events, flush_secs=10)
            for name, value in metrics.items():
                self._board.add_scalar(name, value, int(metrics.get("env_steps", 0)))
        except OSError:
            self._board = None  # its thread has ended; a new one writes a file of its own
            self._try_again = time.monotonic() + RETRY_S
            raise

    def write_alarm(self, event: Event, wall_s: float, env_steps: int) -> None:
        """Log an alarm that began at training time `wall_s` [s]; OSError where the disk refuses."""
        fresh = not self._alarms.exists()
        cells = (f"{wall_s:.1f}", env_steps, event.updates, event.alarm.name, event.text, event.alarm.value)
        with self._alarms.open("a", newline="") as file:
            table = csv.writer(file)
            if fresh:
                table.writerow(ALARM_COLUMNS)
            table.writerow(cells)
        if self._board is not None:
            self._board.add_text(f"alarm/{event.alarm.name}", f"{event.text}: {event.alarm.value}", env_steps)

    def close(self) -> None:
        """Write out what is buffered; OSError where the disk refuses."""
        try:
            if self._board is not None:
                self._board.close()
        finally:
            self._file.close()
