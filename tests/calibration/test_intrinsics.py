"""Intrinsics from views: true, sure of themselves as they may be, and refused where the views do not determine them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from robot_rl.calibration.camera_info import CameraIntrinsics
from robot_rl.calibration.intrinsics import TooFewViews, calibrate_intrinsics
from robot_rl.core.errors import UsageError
from robot_rl.core.geometry import Pose


def entries(intrinsics: CameraIntrinsics) -> np.ndarray:
    return intrinsics.camera_matrix[[0, 1, 0, 1], [0, 1, 2, 2]]


def test_the_camera_is_found_and_its_error_told(views: Callable, true_camera: CameraIntrinsics) -> None:
    errors, told = [], []
    for seed in range(8):
        result = calibrate_intrinsics(views(15, seed), "wrist", serial="42", board="b")
        errors.append(entries(result.intrinsics) - entries(true_camera))
        told.append(result.std_px)
    assert (np.median(np.abs(errors), axis=0) < [3.0, 3.0, 1.0, 1.0]).all()
    ratio = np.sqrt(np.mean(np.square(errors), axis=0)) / np.mean(told, axis=0)
    assert ((ratio > 0.3) & (ratio < 2.5)).all()
    assert result.rms_px == pytest.approx(0.1 * np.sqrt(2), rel=0.2)
    record = result.intrinsics.record
    assert (record.serial, record.board, record.views, len(result.errors)) == ("42", "b", 15, 15) and record.date


def test_a_view_that_does_not_fit_is_named_and_left_out(views: Callable, true_camera: CameraIntrinsics) -> None:
    made = views(15)
    bent = made[4].corners + np.random.default_rng(1).normal(0, 3, made[4].corners.shape)
    made[4] = dataclasses.replace(made[4], corners=bent)
    result = calibrate_intrinsics(made, "wrist")
    assert list(result.outliers) == ["4.png"] and result.outliers["4.png"] > 2
    assert "4.png" not in result.errors
    assert entries(result.intrinsics) == pytest.approx(entries(true_camera), rel=0.02)


def test_too_few_views_are_refused(views: Callable) -> None:
    with pytest.raises(TooFewViews, match="7 usable views of the board, at least 8 are needed"):
        calibrate_intrinsics(views(7), "wrist")


def test_the_same_view_many_times_is_refused(views: Callable) -> None:
    one = views(1)[0]
    same = [dataclasses.replace(one, name=str(i), corners=one.corners + 0.05 * i) for i in range(10)]
    with pytest.raises(TooFewViews, match="10 views, of which only 1 differ, at least 8 are needed"):
        calibrate_intrinsics(same, "wrist")


def test_views_without_a_tilt_are_refused(view_at: Callable) -> None:
    rng = np.random.default_rng(0)
    places = rng.uniform([-0.3, -0.25, 0.5], [0.1, 0.1, 0.6], (12, 3))
    flat = [view_at(str(i), Pose(at, np.array([1.0, 0, 0, 0])), rng) for i, at in enumerate(places)]
    with pytest.raises(TooFewViews, match="the focal length is known to .* %, 2 % are needed: "):
        calibrate_intrinsics(flat, "wrist")


def test_pictures_of_different_sizes_are_refused(views: Callable) -> None:
    made = views(9)
    made[3] = dataclasses.replace(made[3], size=(320, 240))
    with pytest.raises(UsageError, match="different sizes .320x240, 640x480."):
        calibrate_intrinsics(made, "wrist")


def test_a_lens_of_eight_coefficients(views: Callable) -> None:
    found = calibrate_intrinsics(views(20), "wrist", model="rational_polynomial").intrinsics
    assert (found.distortion_model, found.distortion.shape) == ("rational_polynomial", (8,))


def test_a_pinhole_has_no_distortion(views: Callable, true_camera: CameraIntrinsics) -> None:
    matrix, lens = true_camera.camera_matrix, true_camera.distortion
    made = [
        dataclasses.replace(view, corners=cv2.undistortPoints(view.corners, matrix, lens, P=matrix)[:, 0])
        for view in views(12)
    ]
    found = calibrate_intrinsics(made, "wrist", model="pinhole").intrinsics
    assert found.distortion_model == "plumb_bob" and found.distortion.shape == (5,) and not found.distortion.any()
    assert entries(found) == pytest.approx(entries(true_camera), rel=0.005)
