"""Coverage: what is missing is asked for until nothing is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from robot_rl.calibration.coverage import COLUMNS, ROWS, Coverage
from robot_rl.calibration.overlay import guidance
from robot_rl.core.geometry import Pose, rotated

IDENTITY = np.array([1.0, 0.0, 0.0, 0.0])


def test_what_is_missing_is_asked_for_in_turn(view_at: Callable) -> None:
    rng, coverage = np.random.default_rng(0), Coverage((640, 480))
    asked = [coverage.wanted]

    def show(at: tuple[float, float, float], tilt: tuple[float, float] = (0, 0)) -> None:
        coverage.add(view_at("v", Pose(np.array(at), rotated(IDENTITY, np.array([*tilt, 0.0]))), rng))
        asked.append(coverage.wanted)

    show((-0.27, -0.19, 0.5))
    for x, y in (
        (-0.1, -0.19),
        (0.04, -0.19),
        (-0.27, -0.05),
        (-0.1, -0.05),
        (0.04, -0.05),
        (-0.1, 0.04),
        (0.04, 0.04),
    ):
        show((x, y, 0.5))
    show((-0.27, 0.04, 0.5))
    show((-0.1, -0.05, 0.5), tilt=(0, 0.6))
    show((-0.1, -0.05, 0.5), tilt=(0, -0.6))
    show((-0.1, -0.05, 0.5), tilt=(0.6, 0))
    show((-0.1, -0.05, 0.5), tilt=(-0.6, 0))
    show((-0.1, -0.05, 0.3))
    assert asked[0].startswith("bring the board to the top left")
    assert asked[1].startswith("bring the board to") and asked[1] != asked[0]
    order = [next(i for i, text in enumerate(asked) if word in text) for word in ("vertical", "horizontal", "nearer")]
    assert order == sorted(order) and coverage.share > 0.8
    assert asked[-1] == ""


def test_only_a_view_that_is_new_is_taken(view_at: Callable) -> None:
    rng, coverage = np.random.default_rng(0), Coverage((640, 480))
    here, there = (view_at("v", Pose(np.array([x, -0.05, 0.5]), IDENTITY), rng) for x in (-0.1, 0.03))
    assert coverage.take(here) and not coverage.take(here) and coverage.take(there)


def test_cells_without_corners_are_darkened_and_corners_drawn(view_at: Callable) -> None:
    view = view_at("v", Pose(np.array([-0.27, -0.19, 0.5]), IDENTITY), np.random.default_rng(0))
    image = np.full((480, 640, 3), 200, np.uint8)
    drawn = guidance(image, Coverage.of([view]), view, "bring it nearer")
    assert (image == 200).all(), "the picture itself stays"
    lower_right = drawn[480 - 480 // ROWS + 5 : 420, 640 - 640 // COLUMNS + 5 :]
    assert (lower_right == 110).all()
    x, y = np.round(view.corners[8]).astype(int)
    green = drawn[y - 4 : y + 5, x - 4 : x + 5].reshape(-1, 3).astype(int)
    assert (green[:, 1] - green[:, 0] > 80).any()
