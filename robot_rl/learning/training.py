"""Training beside a running robot: a thread that makes the updates that are due, and never blocks who collects data."""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict
from pathlib import Path

import torch

from robot_rl.core.errors import RobotRLError
from robot_rl.learning.health import Alarm, Event
from robot_rl.learning.learner import Learner

IDLE_S = 0.005
"""Pause before looking again where no update is due [s]."""


class Training(threading.Thread):
    """Owns the Learner, which it closes at its end, and its readers; everything it tells is copied out under a lock.

    `alarms` are those that are on, `alarm_counts` how often each began. `failure` holds the exception that ended the
    thread, if one did, `trouble` why the last checkpoint could not be written, as a sentence, if so. New weights wait
    in `take_weights` every `publish_every` updates, the first ones before any update.
    """

    def __init__(self, learner: Learner, checkpoints: Path, nice: int = 0) -> None:
        super().__init__(name="training", daemon=True)
        self.failure: BaseException | None = None
        self.trouble = ""
        self._learner, self._checkpoints, self._nice = learner, checkpoints, nice
        self._halt, self._lock = threading.Event(), threading.Lock()
        self._weights: bytes | None = learner.weights()
        self._sums: dict[str, float] = defaultdict(float)
        self._count = 0
        self._events: list[Event] = []
        self.alarms: tuple[Alarm, ...] = learner.health.active
        self.alarm_counts = dict(learner.health.counts)
        self.updates, self.updates_due = learner.updates, 0

    def run(self) -> None:
        """Update until `halt`; a failure is kept for the caller, never lost with the thread."""
        # Niceness belongs to a thread on Linux, and the threads torch starts from here inherit it.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), self._nice)
        # So does the floating-point mode: dying activations turn denormal, which costs a hundred times a zero.
        torch.set_flush_denormal(True)
        try:
            while not self._halt.is_set():
                self._learner.refresh()
                self.updates_due = self._learner.updates_due()
                if self.updates_due > 0:
                    self._update()
                else:
                    time.sleep(IDLE_S)
        except BaseException as error:  # noqa: BLE001 - handed to the thread that watches over this one
            self.failure = error
        finally:
            self._learner.close()

    def halt(self) -> None:
        """Stop after the running update and wait for it."""
        self._halt.set()
        if self.is_alive():
            self.join()

    def take_weights(self) -> bytes | None:
        """The newest weights not yet taken, packed, or None."""
        with self._lock:
            weights, self._weights = self._weights, None
        return weights

    def take_metrics(self) -> dict[str, float]:
        """Mean metrics of the updates since the last call, {} where there were none; `count` is their number."""
        with self._lock:
            sums, count = dict(self._sums), self._count
            self._sums.clear()
            self._count = 0
        return {name: total / count for name, total in sums.items()} | {"count": count} if count else {}

    def take_events(self) -> list[Event]:
        """Alarms that began since the last call."""
        with self._lock:
            events, self._events = self._events, []
        return events

    def _update(self) -> None:
        metrics = self._learner.step()
        updates, config = self._learner.updates, self._learner.config
        weights = self._learner.weights() if updates % config.publish_every == 0 else None
        health = self._learner.health
        with self._lock:
            self._events += health.take_events()
            self.alarms, self.alarm_counts = health.active, dict(health.counts)
            self._weights = weights or self._weights
            self._count += 1
            for name, value in metrics.items():
                self._sums[name] += value
        self.updates = updates  # last: who sees the number finds its weights and metrics
        if updates % config.checkpoint_every == 0:
            self._save()

    def _save(self) -> None:
        """Write a checkpoint. A disk that is full for a while does not end the training: the next one comes soon."""
        try:
            self._learner.save(self._checkpoints)
            self.trouble = ""
        except RobotRLError as error:
            self.trouble = str(error)
