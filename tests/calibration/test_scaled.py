"""Intrinsics of cropped, resized and turned pictures: what a camera projects is where the picture shows it."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot_rl.calibration.camera_info import CameraIntrinsics
from robot_rl.calibration.scaled import scaled
from robot_rl.core.errors import UsageError
from robot_rl.perception.cameras.ops import View

K = np.array([[310.0, 0.0, 161.3], [0.0, 305.0, 118.2], [0.0, 0.0, 1.0]])
D = np.array([-0.2, 0.05, 0.004, -0.003, 0.01])
LENS = CameraIntrinsics("front", 320, 240, K, "plumb_bob", D, np.eye(3), np.hstack([K, np.zeros((3, 1))]))
POINTS = np.array([[0.05, -0.02, 1.0], [-0.2, 0.15, 1.1], [0.15, 0.1, 0.9], [0.0, 0.0, 1.0]])
TURNS = st.sampled_from([0, 90, 180, 270])


def project(lens: CameraIntrinsics, points: np.ndarray) -> np.ndarray:
    """Pixels (n, 2) of points (n, 3) in the camera's optical frame."""
    pixels, _ = cv2.projectPoints(points, np.zeros(3), np.zeros(3), lens.camera_matrix, lens.distortion)
    return pixels[:, 0]


def turned(points: np.ndarray, degrees: int) -> np.ndarray:
    """The same points in the optical frame of the picture turned clockwise."""
    for _ in range(degrees // 90):
        points = np.stack([-points[:, 1], points[:, 0], points[:, 2]], axis=-1)
    return points


def spot(at: np.ndarray) -> np.ndarray:
    """A picture of a soft spot at that pixel."""
    rows, columns = np.mgrid[0:240, 0:320]
    level = 250.0 * np.exp(-((columns - at[0]) ** 2 + (rows - at[1]) ** 2) / 18.0)
    return np.repeat(np.round(level).astype(np.uint8)[..., None], 3, axis=2)


def centre(image: np.ndarray) -> np.ndarray:
    """Centre of brightness [px]."""
    level = image[..., 0].astype(float)
    rows, columns = np.mgrid[0 : level.shape[0], 0 : level.shape[1]]
    return np.array([(columns * level).sum(), (rows * level).sum()]) / level.sum()


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize(("crop", "size"), [((40, 10, 220, 220), (110, 110)), ((30, 0, 280, 210), (96, 128))])
def test_the_picture_shows_what_the_intrinsics_project(degrees: int, crop, size) -> None:
    size = size if degrees % 180 or size[0] == size[1] else size[::-1]
    view, lens = View(size, crop, degrees), scaled(LENS, crop, size, degrees)
    assert (lens.image_width, lens.image_height) == size
    for point in POINTS:
        shown = centre(view(spot(project(LENS, point[None])[0])))
        assert np.abs(shown - project(lens, turned(point[None], degrees))[0]).max() < 0.1


@given(TURNS, TURNS)
def test_two_turns_are_their_sum(first: int, second: int) -> None:
    whole = (0, 0, 320, 240)
    once = scaled(LENS, whole, (320, 240) if first % 180 == 0 else (240, 320), first)
    part = (0, 0, once.image_width, once.image_height)
    size = (320, 240) if (first + second) % 180 == 0 else (240, 320)
    twice, at_once = scaled(once, part, size, second), scaled(LENS, whole, size, (first + second) % 360)
    for name in ("camera_matrix", "distortion", "rectification_matrix", "projection_matrix"):
        np.testing.assert_allclose(getattr(twice, name), getattr(at_once, name), atol=1e-9)


def test_the_whole_picture_at_its_size_is_the_same() -> None:
    lens = scaled(LENS, (0, 0, 320, 240), (320, 240), 0)
    assert np.array_equal(lens.camera_matrix, K) and np.array_equal(lens.distortion, D)


def test_the_projection_follows_the_camera_matrix() -> None:
    lens = scaled(LENS, (40, 0, 240, 240), (64, 64), 90)
    np.testing.assert_allclose(lens.projection_matrix[:, :3], lens.camera_matrix, atol=1e-12)
    np.testing.assert_allclose(lens.rectification_matrix, np.eye(3), atol=1e-12)


def test_a_model_that_cannot_be_turned_is_refused() -> None:
    prism = replace(LENS, distortion_model="rational_polynomial", distortion=np.full(12, 0.01))
    with pytest.raises(UsageError, match="'rational_polynomial' with 12 coefficients cannot be turned"):
        scaled(prism, (0, 0, 320, 240), (240, 320), 90)
    fisheye = replace(LENS, distortion_model="equidistant", distortion=np.full(4, 0.01))
    assert np.array_equal(scaled(fisheye, (0, 0, 320, 240), (240, 320), 90).distortion, np.full(4, 0.01))
