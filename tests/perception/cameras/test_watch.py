"""Frozen and black pictures are noticed, others are not."""

import numpy as np
import pytest

from robot_rl.perception.cameras.watch import Blindness, PictureWatch

S = 1_000_000_000


def judged(watch: PictureWatch, images: list[np.ndarray], fps: float = 10.0) -> list[Blindness | None]:
    return [watch.judge(image, image, S + round(n * S / fps)) for n, image in enumerate(images)]


def noisy(count: int, low: int = 0, high: int = 256) -> list[np.ndarray]:
    return list(np.random.default_rng(0).integers(low, high, (count, 16, 16, 3)).astype(np.uint8))


def test_a_frozen_picture_is_told_after_its_time_and_only_while_it_lasts() -> None:
    images = noisy(5)
    found = judged(PictureWatch(1.0, 0.0, 10), [*images, *[images[-1]] * 14, *noisy(1, 0, 99)])
    assert found == [None] * 14 + [Blindness.FROZEN] * 5 + [None]


def test_one_pixel_by_one_is_another_picture() -> None:
    image = noisy(1)[0]
    images = [image.copy() for _ in range(30)]
    for n, each in enumerate(images):
        each[0, 0, 0] = n
    assert judged(PictureWatch(1.0, 1.0, 10), images) == [None] * 30


def test_a_black_picture_is_told_although_it_has_noise() -> None:
    found = judged(PictureWatch(1.0, 1.0, 10), [*noisy(3), *noisy(15, 0, 11)])
    assert found == [None] * 12 + [Blindness.BLACK] * 6


def test_black_from_the_start() -> None:
    assert judged(PictureWatch(0.0, 0.5, 10), noisy(8, 0, 5)) == [None] * 5 + [Blindness.BLACK] * 3


@pytest.mark.parametrize("image", [noisy(1)[0], np.zeros((16, 16, 3), np.uint8)])
def test_0_s_never_judges(image: np.ndarray) -> None:
    assert judged(PictureWatch(0.0, 0.0, 10), [image] * 50) == [None] * 50
