"""How good a reward classifier is on episodes it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from robot_rl.core.reward_figures import Figures
from robot_rl.rewards.hysteresis import first_success
from robot_rl.rewards.labels import FrameSet, LabelledEpisode

_EPS = 1e-6


def choose_threshold(scores: np.ndarray, labels: np.ndarray, precision: float) -> float:
    """The score from which on observations count as success: it gives the most recall at this `precision`.

    It lies midway, in log odds, between the lowest of `scores` (n,) in [0, 1], with `labels` (n,), that counts and the
    next lower one, but never below 0.5. Where no score reaches the precision it is 1.
    """
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], np.cumsum(labels[order])
    ends = np.flatnonzero(np.append(np.diff(ranked) != 0, True))  # equal scores count together
    good = ends[hits[ends] >= precision * (ends + 1)] if len(scores) else ends
    if not len(good):
        return 1.0
    place = int(good[-1])
    lower = ranked[place + 1] if place + 1 < len(ranked) else 0.0
    return max(0.5, _sigmoid((_logit(float(ranked[place])) + _logit(float(lower))) / 2))


def measure(frames: FrameSet, scores: np.ndarray, threshold: float, row: int) -> Figures:
    """Figures of `scores` (n,) of the observations in `frames`; success counts after `row` observations in a row."""
    said, labels = scores[frames.clear] >= threshold, frames.labels[frames.clear]
    hits, wrong = int((said & labels).sum()), int((said & ~labels).sum())
    episodes, parts = frames.episodes, frames.by_episode(scores)
    told = [_announced(episode, part, threshold, row) for episode, part in zip(episodes, parts, strict=True)]
    announced = [(episode, when) for episode, when in zip(episodes, told, strict=True) if when is not None]
    return Figures(
        observations=len(labels),
        positives=int(labels.sum()),
        accuracy=round(float((said == labels).mean()), 5) if len(labels) else 0.0,
        precision=round(hits / (hits + wrong), 5) if hits + wrong else 0.0,
        recall=round(hits / int(labels.sum()), 5) if labels.any() else 0.0,
        false_positives=wrong,
        episodes=len(episodes),
        successes=sum(episode.success for episode in episodes),
        announced=len(announced),
        false_successes=sum(not episode.success for episode, _ in announced),
        early_successes=sum(e.success and e.start + when < e.doubtful for e, when in announced),
        missed_successes=sum(e.success and when is None for e, when in zip(episodes, told, strict=True)),
    )


def _announced(episode: LabelledEpisode, scores: np.ndarray, threshold: float, row: int) -> int | None:
    """Where success is announced; what is seen last goes on being seen where the episode ended before it counted."""
    shown: Sequence[float] = scores.tolist()
    if episode.success:
        shown = [*shown, *[shown[-1]] * max(row - (episode.stop - episode.first), 0)]
    return first_success(list(shown), threshold, row)


def _logit(score: float) -> float:
    bounded = min(max(score, _EPS), 1.0 - _EPS)
    return float(np.log(bounded / (1.0 - bounded)))


def _sigmoid(value: float) -> float:
    return float(1.0 / (1.0 + np.exp(-value)))
