"""Pictures cropped, resized by area, turned and reordered."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot_rl.core.errors import UsageError
from robot_rl.perception.cameras.ops import View, centred, crop_of, rotate, swap_channels

SIZES = st.integers(16, 200)


def gradient(width: int, height: int) -> np.ndarray:
    """Red is the column, green the row."""
    rows, columns = np.mgrid[0:height, 0:width]
    return np.stack([columns, rows, np.zeros_like(rows)], axis=-1).astype(np.uint8)


def test_without_anything_to_do_the_picture_is_the_same() -> None:
    image = gradient(32, 32)
    assert np.array_equal(View((32, 32))(image), image)


def test_the_default_is_the_largest_centred_square() -> None:
    image = View((48, 48))(gradient(64, 48))
    assert image[0, 0].tolist() == [8, 0, 0] and image[-1, -1].tolist() == [55, 47, 0]


def test_a_pixel_is_the_mean_of_its_area() -> None:
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    means = image.reshape(16, 4, 16, 4, 3).mean(axis=(1, 3))
    assert np.abs(View((16, 16))(image) - means).max() <= 0.5


def test_a_crop_is_the_part_it_names() -> None:
    assert np.array_equal(View((20, 20), (5, 3, 20, 20))(gradient(64, 48)), gradient(64, 48)[3:23, 5:25])


@pytest.mark.parametrize(("degrees", "corner"), [(0, (0, 0)), (90, (0, 31)), (180, (31, 31)), (270, (31, 0))])
def test_a_turn_is_clockwise(degrees: int, corner: tuple[int, int]) -> None:
    image = np.zeros((32, 32, 3), np.uint8)
    image[0, 0] = 255
    turned = View((32, 32), rotation=degrees)(image)
    assert turned[corner].tolist() == [255] * 3 and int(turned.sum()) == 3 * 255


def test_a_turned_picture_keeps_its_proportions() -> None:
    assert View((30, 40), rotation=90)(gradient(64, 48)).shape == (40, 30, 3)


@given(SIZES, SIZES, SIZES, SIZES)
def test_the_centred_part_is_inside_and_touches_two_sides(width: int, height: int, across: int, along: int) -> None:
    x, y, w, h = centred(width, height, across, along)
    assert 0 <= x and 0 <= y and x + w <= width and y + h <= height
    assert w == width or h == height
    assert abs(w * along - h * across) <= max(across, along)


def test_four_quarter_turns_are_none() -> None:
    image = gradient(40, 30)
    turned = image
    for _ in range(4):
        turned = rotate(turned, 90)
    assert np.array_equal(turned, image) and np.array_equal(rotate(image, 180), rotate(rotate(image, 270), 270))


def test_swapped_channels() -> None:
    image = gradient(20, 20)
    assert np.array_equal(swap_channels(image), image[..., ::-1])


@pytest.mark.parametrize("values", [(1, 2, 3), (0, 0, 0, 5), (-1, 0, 5, 5)])
def test_what_is_no_crop(values: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match="give x, y, width and height"):
        crop_of(values)


def test_a_crop_outside_the_picture() -> None:
    with pytest.raises(UsageError, match=r"crop \[60, 0, 10, 10\] .* is not inside the picture of 64x48 px"):
        View((32, 32), (60, 0, 10, 10))(gradient(64, 48))
