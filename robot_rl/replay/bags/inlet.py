"""Rows from a bag into a store: each once, and an account of what was not taken."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.writer import ReplayWriter


@dataclass
class Imported:
    """What an import did.

    Rows and episodes written; duplicates (rows that were in the store already); missing (steps that their writer
    numbered but the bag lacks); late (rows that came after later ones of their writer, which a store cannot take).
    Of plain topics: left_out (why a tick gave no row, or a message was not usable -> how often); clipped (actions
    beyond full scale); measured_gripper (whether gripper actions are the measured opening, for want of commands).
    """

    rows: int = 0
    episodes: int = 0
    duplicates: int = 0
    missing: int = 0
    late: int = 0
    clipped: int = 0
    measured_gripper: bool = False
    left_out: Counter[str] = field(default_factory=Counter)

    def add(self, other: Imported) -> None:
        """Add what another import did."""
        for name in ("rows", "episodes", "duplicates", "missing", "late", "clipped"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.measured_gripper |= other.measured_gripper
        self.left_out.update(other.left_out)


class Inlet:
    """Appends and commits row by row, so that whatever ends the import leaves all rows before it."""

    def __init__(self, writer: ReplayWriter, done: Imported) -> None:
        """Write to `writer`, account in `done`."""
        self.done = done
        self._writer = writer
        self._known: set[tuple[int, int]] | None = None

    def take(self, record: np.ndarray) -> None:
        """Write one record, shape (), unless it is a duplicate or late; RobotRLError where the disk refuses."""
        done, run_id, seq = self.done, int(record["run_id"]), int(record["seq"])
        last = self._writer.last_seq(run_id)
        if not self._writer.append(record):
            if self._known is None:
                self._known = _known(self._writer.path)  # only now: seconds for a large store
            if (run_id, seq) in self._known:
                done.duplicates += 1
            else:
                done.late += 1
            return
        self._writer.commit()
        if self._known is not None:
            self._known.add((run_id, seq))
        done.missing += seq - last - 1 if last >= 0 else 0  # a recording may begin late
        done.rows += 1
        done.episodes += int(record["is_first"])


def _known(store: Path) -> set[tuple[int, int]]:
    """(run_id, seq) of all rows in the store."""
    reader = ReplayReader(store)
    try:
        every = np.arange(len(reader))
        return set(zip(reader.take("run_id", every).tolist(), reader.take("seq", every).tolist(), strict=True))
    finally:
        reader.close()
