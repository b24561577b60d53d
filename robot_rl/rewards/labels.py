"""Which observations of recorded episodes show success, and which episodes a classifier must not be trained on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from robot_rl.config.rewards import ClassifierConfig
from robot_rl.core.errors import SchemaError, UsageError
from robot_rl.replay.reader import ReplayReader


@dataclass(frozen=True)
class LabelledEpisode:
    """Rows start..stop-1 of store number `store`, of which first..stop-1 show success (first == stop: none).

    Those from `doubtful` to first-1 are neither one nor the other.
    """

    store: int
    start: int
    doubtful: int
    first: int
    stop: int

    @property
    def success(self) -> bool:
        """True where success is seen at its end."""
        return self.first < self.stop


def label(
    readers: Sequence[ReplayReader], last: int, margin: int = 0, failures: Collection[int] = ()
) -> list[LabelledEpisode]:
    """The complete episodes of all stores; success is seen from the first row marked so, and in the `last` rows.

    The `margin` rows before are doubtful. Stores whose number is in `failures` hold no success, whatever their rows
    say. UsageError where an episode is shorter than `last`.
    """
    found = []
    for number, reader in enumerate(readers):
        for episode in (episode for episode in reader.episodes() if episode.complete):
            first = episode.stop
            if episode.success and number not in failures:
                marks = reader.take("success", np.arange(episode.start, episode.stop))
                first = min(episode.start + int(marks.argmax()), episode.stop - last)
            if first < episode.start:
                rows = episode.stop - episode.start
                raise UsageError(f"'{reader.path}' has a success of {rows} rows, but last is {last}: give a smaller.")
            doubtful = max(first - margin, episode.start) if first < episode.stop else first
            found.append(LabelledEpisode(number, episode.start, doubtful, first, episode.stop))
    return found


def split(
    episodes: Sequence[LabelledEpisode], held_out: float, seed: int
) -> tuple[list[LabelledEpisode], list[LabelledEpisode]]:
    """Episodes to train on and episodes to judge by, at random, the same share of each store's successes and others.

    No episode is in both. Of two episodes of a kind one is held out, a single one is trained on.
    """
    rng = np.random.default_rng(seed)
    parts: tuple[list[LabelledEpisode], list[LabelledEpisode]] = ([], [])
    for kind in sorted({(episode.store, episode.success) for episode in episodes}):
        same = [episode for episode in episodes if (episode.store, episode.success) == kind]
        count = min(max(round(held_out * len(same)), 1), len(same) - 1)
        chosen = set(rng.permutation(len(same))[:count].tolist())
        for index, episode in enumerate(same):
            parts[index in chosen].append(episode)
    return parts


class FrameSet:
    """The observations of some episodes: `labels` (n,) bool, which of them are `clear` (n,), and images on demand."""

    def __init__(
        self, readers: Sequence[ReplayReader], episodes: Sequence[LabelledEpisode], cameras: Sequence[str]
    ) -> None:
        """Check the stores; SchemaError where cameras or image sizes differ, or a camera is not there."""
        self.episodes, self.cameras = tuple(episodes), tuple(cameras)
        self.readers = tuple(readers)
        self._shape = image_shape(readers, cameras)
        spans = [np.arange(episode.start, episode.stop) for episode in episodes]
        self._rows = np.concatenate(spans) if spans else np.empty(0, np.int64)
        lengths = [len(span) for span in spans]
        self._stores = np.repeat([episode.store for episode in episodes], lengths).astype(np.int64)
        first = np.repeat([episode.first for episode in episodes], lengths)
        self.labels = self._rows >= first
        self.clear = self.labels | (self._rows < np.repeat([episode.doubtful for episode in episodes], lengths))
        self._ends = np.cumsum(lengths)

    def __len__(self) -> int:
        """Number of observations."""
        return len(self._rows)

    def images(self, indices: np.ndarray) -> np.ndarray:
        """Images uint8 (n, C, H, W, 3) of observations `indices` (n,)."""
        images = np.empty((len(indices), len(self.cameras), *self._shape), np.uint8)
        for number in np.unique(self._stores[indices]):
            of_store = np.flatnonzero(self._stores[indices] == number)
            rows = self._rows[indices[of_store]]
            for place, camera in enumerate(self.cameras):
                images[of_store, place] = self.readers[number].take(f"image_{camera}", rows)
        return images

    def by_episode(self, values: np.ndarray) -> list[np.ndarray]:
        """`values` (n,), one an observation, cut into episodes."""
        return np.split(values, self._ends[:-1]) if len(self._ends) else []


def image_shape(readers: Sequence[ReplayReader], cameras: Sequence[str]) -> tuple[int, int, int]:
    """(height, width, 3) of `cameras` in all stores, SchemaError where they differ or one is not there."""
    shapes = {reader.path: reader.spec.observation.image_shape for reader in readers}
    for reader in readers:
        for camera in cameras:
            known = reader.spec.observation.cameras
            if camera not in known:
                raise SchemaError(f"'{reader.path}' has no camera '{camera}': it has {', '.join(known)}.")
        if shapes[reader.path] != shapes[readers[0].path]:
            raise SchemaError(
                f"'{reader.path}' has images of {shapes[reader.path]}, '{readers[0].path}' of "
                f"{shapes[readers[0].path]}: use stores of one image size."
            )
    return shapes[readers[0].path]


def select(
    readers: Sequence[ReplayReader], failures: Sequence[ReplayReader], cameras: Sequence[str], config: ClassifierConfig
) -> tuple[FrameSet, FrameSet]:
    """Observations to train on, and those of other episodes to judge by.

    The complete episodes of `readers` count as they are marked, those of `failures` as failures. UsageError where there
    is no success, or nothing else; SchemaError where stores do not fit together.
    """
    every = [*readers, *failures]
    tasks = {reader.meta.get("task", "") for reader in every}
    if len(tasks) > 1:
        raise SchemaError(f"the stores are of several tasks ({', '.join(sorted(tasks))}): use those of one.")
    episodes = label(every, config.last, config.margin, range(len(readers), len(every)))
    train, held_out = (FrameSet(every, part, cameras) for part in split(episodes, config.held_out, config.seed))
    positives, negatives = int(train.labels.sum()), int((train.clear & ~train.labels).sum())
    if not positives or not negatives:
        found = f"{positives} observations of success and {negatives} others"
        raise UsageError(f"the stores hold {found} to train on: both are needed, add a store that has them.")
    return train, held_out
