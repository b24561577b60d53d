"""Random shifts move whole observations, by one shift per sample, and repeat the border."""

from __future__ import annotations

import numpy as np
import pytest

from robot_rl.learning.augment import random_shift, shift_into


@pytest.mark.parametrize(("dy", "dx"), [(0, 0), (3, -2), (-4, 4), (4, 4), (-1, 0), (0, 2)])
def test_shift_is_indexing_with_clipped_rows_and_columns(dy: int, dx: int) -> None:
    rng = np.random.default_rng(0)
    source = rng.integers(0, 256, (2, 10, 12, 3), dtype=np.uint8)
    target = np.zeros_like(source)
    shift_into(source, target, dy, dx)
    rows, columns = np.clip(np.arange(10) + dy, 0, 9), np.clip(np.arange(12) + dx, 0, 11)
    np.testing.assert_array_equal(target, source[:, rows][:, :, columns])


def coordinates(count: int, cameras: int, size: int) -> np.ndarray:
    """Images whose pixels hold their own row and column."""
    images = np.zeros((count, cameras, size, size, 3), np.uint8)
    images[..., 0] = np.arange(size)[:, None]
    images[..., 1] = np.arange(size)
    return images


def test_one_shift_per_observation_for_all_its_cameras() -> None:
    images = coordinates(200, 2, 16)
    shifted = random_shift(images, 4, np.random.default_rng(0))
    np.testing.assert_array_equal(shifted[:, 0], shifted[:, 1])
    drawn = {tuple(int(v) for v in image[8, 8, :2]) for image in shifted[:, 0]}
    assert len(drawn) > 60, "81 shifts exist"
    assert {row for row, _ in drawn} == set(range(4, 13))
    assert {column for _, column in drawn} == set(range(4, 13))


def test_one_shift_for_all_frames_of_a_history() -> None:
    images = np.stack([coordinates(50, 2, 12)] * 3, 1)
    shifted = random_shift(images, 4, np.random.default_rng(0))
    np.testing.assert_array_equal(shifted[:, 0], shifted[:, 2])
    np.testing.assert_array_equal(shifted[:, 0], random_shift(images[:, 0], 4, np.random.default_rng(0)))


def test_source_stays_channels_stay_and_zero_pad_copies() -> None:
    images = coordinates(4, 1, 8)
    before = images.copy()
    shifted = random_shift(images, 2, np.random.default_rng(0))
    np.testing.assert_array_equal(images, before)
    assert (shifted[..., 2] == 0).all()
    np.testing.assert_array_equal(random_shift(images, 0, np.random.default_rng(0)), images)


def test_writes_into_the_given_array() -> None:
    images = coordinates(3, 2, 8)
    out = np.empty_like(images)
    assert random_shift(images, 2, np.random.default_rng(1), out) is out
    np.testing.assert_array_equal(out, random_shift(images, 2, np.random.default_rng(1)))
