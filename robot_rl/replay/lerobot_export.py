"""A replay store as a LeRobotDataset v3.0.

Episodes of T transitions become T frames; see `lerobot_format` for where the last observation goes. `timestamp` is the
frame's number over the frame rate, as LeRobot demands; the stamps themselves are `robot_rl.stamp_ns`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from robot_rl.core.errors import UsageError
from robot_rl.replay import lerobot_format as fmt
from robot_rl.replay.lerobot_draft import drafted
from robot_rl.replay.reader import Episode, ReplayReader

Progress = Callable[[int, int], None]
BLOCK = 64
"""Images that are in memory at once, per camera."""


@dataclass(frozen=True)
class Exported:
    """What an export wrote; `left_out` episodes had no transition."""

    episodes: int
    frames: int
    left_out: int
    fps: int
    lossless: bool

    def sentences(self) -> list[str]:
        """It in words, for a person."""
        images = "as PNG, bit for bit" if self.lossless else "as AV1 film, which is lossy (--lossless keeps every bit)"
        found = [f"{self.episodes} episodes, {self.frames} frames at {self.fps} Hz; images {images}."]
        if self.left_out:
            found.append(f"{self.left_out} episodes without a transition were left out.")
        return found


def export_lerobot(
    store: Path | str,
    out: Path | str,
    progress: Progress = lambda done, total: None,
    *,
    lossless: bool = False,
    fps: int | None = None,
) -> Exported:
    """Write the committed steps of `store` as the dataset `out`, calling `progress(frames done, frames)`.

    Images go into films (lossy, see `lerobot_video`), or with `lossless` as PNG into the tables. `fps` [Hz] is the
    median rate of the stamps, rounded, where None. Nothing is left at `out` unless all went well. Raises UsageError
    where `out` exists, `store` is none or has no transition, or a library is missing; RobotRLError where the disk
    refuses or the store is damaged.
    """
    fmt.require_libraries()
    reader = ReplayReader(store)
    try:
        found = reader.episodes()
        episodes = [episode for episode in found if episode.length]
        if not episodes:
            raise UsageError(f"replay store '{store}' has no transition to export: record some first.")
        rate = fps if fps is not None else _rate(reader, episodes)
        if rate < 1:
            raise UsageError(f"fps is {rate}, a film has at least 1 frame a second: give a positive number.")
        with drafted(Path(out)) as draft:
            _write(reader, episodes, draft, rate, lossless, progress)
    finally:
        reader.close()
    frames = sum(episode.length for episode in episodes)
    return Exported(len(episodes), frames, len(found) - len(episodes), rate, lossless)


def _write(
    reader: ReplayReader, episodes: list[Episode], draft: Path, fps: int, lossless: bool, progress: Progress
) -> None:
    from robot_rl.replay.lerobot_writer import DatasetWriter

    total, done = sum(episode.length for episode in episodes), 0
    with DatasetWriter(draft, reader.spec, reader.meta, fps, lossless=lossless) as writer:
        for episode in episodes:
            rows = np.arange(episode.start, episode.stop)
            writer.begin({name: reader.take(name, rows) for name in _numeric(reader)})
            for block in _blocks(rows[:-1]):
                writer.images({name: reader.take(f"image_{name}", block) for name in _cameras(reader)})
                done += len(block)
                progress(done, total)
            writer.end({name: reader.take(f"image_{name}", rows[-1:])[0] for name in _cameras(reader)})


def _rate(reader: ReplayReader, episodes: list[Episode]) -> int:
    """Steps a second, from the median time between the stamps of an episode."""
    gaps = [np.diff(reader.take("stamp_ns", np.arange(e.start, e.stop))) for e in episodes]
    gap = float(np.median(np.concatenate(gaps)))
    if gap <= 0.0:
        raise UsageError(f"the stamps of replay store '{reader.path}' do not rise: give the rate with --fps.")
    return max(round(1e9 / gap), 1)


def _numeric(reader: ReplayReader) -> list[str]:
    return [name for name in reader.spec.dtype.names or () if not name.startswith("image_")]


def _cameras(reader: ReplayReader) -> tuple[str, ...]:
    return reader.spec.observation.cameras


def _blocks(rows: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(rows), BLOCK):
        yield rows[start : start + BLOCK]
