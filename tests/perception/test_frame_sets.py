"""Which images are judged together."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from robot_rl.perception.frame_sets import FrameSets

CAMERAS = ("wrist", "front")
ARRIVALS = st.lists(st.tuples(st.sampled_from(CAMERAS), st.integers(0, 5)), max_size=40)


def image(value: int) -> np.ndarray:
    return np.full((1, 1, 3), value, np.uint8)


def given_sets(lockstep: bool, arrivals: list[tuple[str, int]]) -> list[tuple[int, dict[str, int]]]:
    sets = FrameSets(CAMERAS, lockstep)
    found = [sets.add(camera, stamp, image(stamp)) for camera, stamp in arrivals]
    return [(stamp, {c: int(i[0, 0, 0]) for c, i in images.items()}) for stamp, images in filter(None, found)]


@given(ARRIVALS)
def test_in_lockstep_all_images_of_a_set_have_its_stamp(arrivals):
    for stamp, images in given_sets(True, arrivals):
        assert images == dict.fromkeys(CAMERAS, stamp)


def test_in_lockstep_every_stamp_is_judged_even_if_announced_again_or_interleaved():
    arrivals = [("wrist", 1), ("front", 1), ("wrist", 1), ("front", 1), ("wrist", 2), ("wrist", 3), ("front", 3)]
    assert [stamp for stamp, _ in given_sets(True, arrivals)] == [1, 1, 3]


def test_in_real_time_a_set_has_the_newest_of_each_camera_and_is_as_old_as_the_oldest():
    arrivals = [("wrist", 1), ("wrist", 2), ("front", 3), ("front", 4), ("wrist", 5)]
    assert given_sets(False, arrivals) == [(2, {"wrist": 2, "front": 3}), (4, {"wrist": 5, "front": 4})]


def test_a_silent_camera_makes_all_silent():
    assert given_sets(False, [("wrist", stamp) for stamp in range(9)]) == []
