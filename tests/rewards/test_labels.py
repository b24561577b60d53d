"""Which observations show success, and the split by episode."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from robot_rl.core.errors import SchemaError, UsageError
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.synthetic import synthetic_episode, synthetic_spec
from robot_rl.replay.writer import ReplayWriter
from robot_rl.rewards.labels import FrameSet, label, split

SPEC = synthetic_spec()


def store(path: Path, ends: list[bool], rows: int = 6, size: int = 4) -> ReplayReader:
    """Episodes of `rows` that end in success or in a time limit; a cut one follows."""
    spec = synthetic_spec(size)
    with ReplayWriter.open(path, spec, {"task": "lift"}) as writer:
        for number, success in enumerate(ends):
            writer.append(synthetic_episode(spec, rows, first_seq=number * rows, episode=number, terminal=success))
        writer.append(synthetic_episode(spec, rows, first_seq=len(ends) * rows, episode=len(ends), cut=True))
    return ReplayReader(path)


def test_the_last_rows_of_a_success_show_it_and_those_before_are_doubtful(tmp_path):
    reader = store(tmp_path / "a", [True, False])
    assert [(e.start, e.doubtful, e.first, e.stop) for e in label([reader], 2, 1)] == [(0, 3, 4, 6), (6, 12, 12, 12)]
    frames = FrameSet([reader], label([reader], 2, 1), ("front",))
    assert np.flatnonzero(frames.labels).tolist() == [4, 5]
    assert np.flatnonzero(~frames.clear).tolist() == [3]


def test_stores_of_failures_hold_no_success(tmp_path):
    readers = [store(tmp_path / name, [True, True]) for name in "ab"]
    assert [e.success for e in label(readers, 1, 0, failures={1})] == [True, True, False, False]


def test_an_episode_shorter_than_its_success_is_refused(tmp_path):
    with pytest.raises(UsageError, match="success of 6 rows, but last is 7"):
        label([store(tmp_path / "a", [True])], 7)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.9])
def test_no_episode_is_on_both_sides_and_each_kind_is_on_both(tmp_path, share):
    episodes = label([store(tmp_path / "a", [True] * 7 + [False] * 5), store(tmp_path / "b", [False] * 3)], 1)
    train, held_out = split(episodes, share, seed=3)
    assert sorted([*train, *held_out], key=episodes.index) == episodes
    for part in (train, held_out):
        assert {(e.store, e.success) for e in part} == {(0, True), (0, False), (1, False)}
    assert split(episodes, share, seed=3) == (train, held_out) != split(episodes, share, seed=4)


def test_a_single_episode_of_its_kind_is_trained_on(tmp_path):
    train, held_out = split(label([store(tmp_path / "a", [True])], 1), 0.5, seed=0)
    assert len(train) == 1 and not held_out


def test_images_are_those_of_the_rows_in_the_order_of_the_cameras(tmp_path):
    readers = [store(tmp_path / name, [True, False]) for name in "ab"]
    episodes = label(readers, 1)
    frames = FrameSet(readers, [episodes[3], episodes[0]], ("front", "wrist"))
    images = frames.images(np.array([7, 0]))
    wanted = [readers[0].rows([1]), readers[1].rows([6])]
    for image, record in zip(images, wanted, strict=True):
        assert (image[0] == record["image_front"][0]).all() and (image[1] == record["image_wrist"][0]).all()
    assert [len(part) for part in frames.by_episode(frames.labels)] == [6, 6]


def test_stores_that_do_not_fit_are_named(tmp_path):
    readers = [store(tmp_path / "a", [True]), store(tmp_path / "b", [True], size=8)]
    with pytest.raises(SchemaError, match="use stores of one image size"):
        FrameSet(readers, label(readers, 1), ("front",))
    with pytest.raises(SchemaError, match="no camera 'side'"):
        FrameSet(readers[:1], [], ("side",))
