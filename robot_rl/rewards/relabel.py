"""A store with the rewards of another judge, as if that judge had been there; the old store stays as it is.

Where the new reward ends an episode earlier, the row at which it does becomes the last observation, and what came after
is left out: the robot would have gone home. Where it does not end an episode that the old one did, the task did not end
there: the last row is a truncation, whose value is learned like that of a time limit. A termination that was a failure
stays one, unless the judge knows failures itself. Steps get a run_id of their own, so that old and new ones are never
taken for duplicates of each other; the same judge gives the same store again.
"""

from __future__ import annotations

import os
import shutil
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from robot_rl.core.errors import RobotRLError, SchemaError, UsageError
from robot_rl.core.outcome import Outcome
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.writer import ReplayWriter
from robot_rl.rewards.hysteresis import Hysteresis
from robot_rl.rewards.simulator import SimulatorReward
from robot_rl.robot.tasks import load_task

PREFIX = "sim_"


class Judge(Protocol):
    """Says what the observations of an episode are worth."""

    knows_failure: bool
    """Whether it tells a task that has ended in failure; else what was stored stands."""

    def outcomes(self, records: np.ndarray) -> list[Outcome]:
        """The outcome of each observation of an episode's `records` (n,), in order."""


@dataclass(frozen=True)
class Relabelled:
    """What came of a store: rows and successes before and after."""

    episodes: int
    rows_before: int
    rows: int
    successes_before: int
    successes: int


def relabel(records: np.ndarray, outcomes: Sequence[Outcome], knows_failure: bool = False) -> np.ndarray:
    """New records (m,) of an episode with `records` (n,), m <= n, by the `outcomes` (n,) of its observations."""
    ends = next((i for i, outcome in enumerate(outcomes) if outcome.success or outcome.terminated), None)
    old = records[-1]
    failed = bool(old["is_terminal"]) and not old["success"] and not knows_failure
    kept: np.ndarray = records[: len(records) if ends is None else ends + 1].copy()
    kept["success"] = [outcome.success for outcome in outcomes[: len(kept)]]
    kept["reward"][:-1] = [outcome.reward for outcome in outcomes[1 : len(kept)]]
    kept["is_terminal"] = 0
    last = kept[-1:]
    last["reward"] = 0.0
    last["is_terminal"] = failed if ends is None else outcomes[ends].terminated
    if ends is not None:
        last["is_last"] = 1
        for name in ("action", "proposed", "latency", "source"):
            last[name] = 0
    return kept


def relabel_store(
    reader: ReplayReader,
    out: Path,
    judge: Judge,
    mark: str,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Relabelled:
    """Write the store of `reader`, judged anew, to `out`, which appears when it is whole; `mark` names the judge.

    Pieces that their writer left without an end stay so, unless the new reward ends them. UsageError where `out`
    exists, RobotRLError where a row is damaged or the disk refuses; nothing is left behind then.
    """
    if out.exists():
        raise UsageError(f"'{out}' exists: give the path of a new store, none is overwritten.")
    draft = out.with_name(f".{out.name}.{os.getpid()}.new")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        done = _write(reader, draft, judge, mark, progress)
        draft.rename(out)
    except OSError as error:
        raise RobotRLError(f"cannot write '{out}': {error.strerror}: give another path or free space.") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return done


def _write(
    reader: ReplayReader, out: Path, judge: Judge, mark: str, progress: Callable[[int, int], None]
) -> Relabelled:
    episodes, before, seqs = reader.episodes(), 0, dict[int, int]()
    successes = 0
    with ReplayWriter.open(out, reader.spec, {**reader.meta, "reward": mark}) as writer:
        for number, episode in enumerate(episodes):
            records = reader.rows(np.arange(episode.start, episode.stop))
            made = relabel(records, judge.outcomes(records), judge.knows_failure)
            before, successes = before + len(records), successes + bool(made["success"].any())
            run_id = zlib.crc32(f"{mark} {episode.run_id}".encode())
            made["run_id"], made["seq"] = run_id, seqs.get(run_id, 0) + np.arange(len(made))
            seqs[run_id] = seqs.get(run_id, 0) + len(made)
            writer.append(made)
            progress(number + 1, len(episodes))
        rows = writer.appended
    return Relabelled(len(episodes), before, rows, sum(episode.success for episode in episodes), successes)


class SimulatorJudge:
    """The simulator's truth, of stores that hold the task's state (`sim_state`)."""

    knows_failure = True

    def __init__(self, reader: ReplayReader) -> None:
        """SchemaError where the store does not hold the state of its task."""
        task, names = load_task(reader.meta.get("task", "")), reader.spec.observation.proprio
        wanted = [f"{PREFIX}{name}" for name in task.state_names]
        if not set(wanted) <= set(names):
            raise SchemaError(
                f"'{reader.path}' does not hold the simulator's state of task '{task.name}': record with sim_state "
                "true, or give a classifier."
            )
        self._reward, self._columns = SimulatorReward(task), [names.index(name) for name in wanted]

    def outcomes(self, records: np.ndarray) -> list[Outcome]:
        """The outcome of each observation."""
        return [self._reward.outcome(state) for state in records["proprio"][:, self._columns]]


class ScoreJudge:
    """What the reward node would have said with a classifier: each stored observation is one of its frames."""

    knows_failure = False

    def __init__(
        self, scores: Callable[[np.ndarray], np.ndarray], cameras: Sequence[str], threshold: float, frames: int
    ) -> None:
        """`scores` gives the score (n,) of images (n, C, H, W, 3) of `cameras`; success counts after `frames`."""
        self._scores, self._cameras, self._threshold, self._frames = scores, tuple(cameras), threshold, frames

    def outcomes(self, records: np.ndarray) -> list[Outcome]:
        """Success with reward 1 from where it has lasted long enough."""
        images = np.stack([records[f"image_{camera}"] for camera in self._cameras], 1)
        held = Hysteresis(self._frames, self._threshold)
        done = [held.update(index, score) for index, score in enumerate(self._scores(images).tolist())]
        return [Outcome(float(success), success, success) for success in done]
