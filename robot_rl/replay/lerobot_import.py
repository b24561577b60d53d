"""A LeRobotDataset v3.0 as a replay store.

A dataset that `export_lerobot` wrote gives back the very steps of its store: the frames, and every episode's last row
from `meta/robot_rl/`; images that travelled by film come back with its losses. Any other dataset, or ours with
`Foreign` options, is read by `lerobot_foreign`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from robot_rl.core.errors import RobotRLError, UsageError
from robot_rl.replay import lerobot_format as fmt
from robot_rl.replay.lerobot_draft import drafted
from robot_rl.replay.lerobot_options import Foreign
from robot_rl.replay.writer import ReplayWriter

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Imported:
    """What an import wrote; `notes` say what a person should know of how the data was read."""

    episodes: int
    steps: int
    notes: tuple[str, ...]

    def sentences(self) -> list[str]:
        """It in words, for a person."""
        return [f"{self.episodes} episodes, {self.steps} transitions.", *self.notes]


def import_lerobot(
    dataset: Path | str,
    out: Path | str,
    progress: Progress = lambda done, total: None,
    *,
    foreign: Foreign | None = None,
) -> Imported:
    """Write the dataset folder `dataset` as the new replay store `out`, calling `progress(frames done, frames)`.

    With `foreign` options even a dataset of ours is read as a foreign one. Nothing is left at `out` unless all went
    well. Raises UsageError where `out` exists, `dataset` is none, its features do not fit or a library is missing;
    RobotRLError where the dataset is incomplete or damaged, or the disk refuses.
    """
    fmt.require_libraries()
    from robot_rl.replay.lerobot_foreign import ForeignSteps
    from robot_rl.replay.lerobot_own import OwnSteps
    from robot_rl.replay.lerobot_reader import DatasetReader

    root = Path(dataset)
    with DatasetReader(root) as reader, drafted(Path(out)) as draft:
        own = foreign is None and (root / fmt.OWN_STORE).exists()
        source = OwnSteps(reader) if own else ForeignSteps(reader, foreign or Foreign())
        episodes = steps = done = 0
        with ReplayWriter.open(draft, source.spec, source.meta) as writer:
            for number, row in enumerate(reader.episodes):
                records = source.episode(number)
                if writer.append(records) != len(records):
                    raise RobotRLError(f"episode {number} of '{root}' repeats steps of another: restore the dataset.")
                writer.commit()
                episodes, steps = episodes + bool(len(records)), steps + max(len(records) - 1, 0)
                done += int(row["length"])
                progress(done, reader.frames)
        if not steps:
            raise UsageError(f"no episode of '{root}' has two observations at this rate: there is nothing to import.")
    return Imported(episodes, steps, tuple(source.notes()))
