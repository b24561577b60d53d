"""Ages and rates of sources: what counts as trouble, and that nothing is lost on the way."""

import math

import pytest

from robot_rl.control.vitals import Vitals

SOURCES = {"wrist": (0.031, 29.9), "front": (0.4, 30.0), "proprio": (0.002, 4.0), "reward": (math.inf, 0.0)}


def test_what_is_silent_old_or_slow_is_named_and_nothing_else() -> None:
    assert Vitals(SOURCES, 0.15, 10.0).troubles == ["front 0.40 s old", "proprio only 4.0 Hz", "reward silent"]
    ahead = {"clock": (-0.5, 30.0), "young": (-0.02, 30.0)}
    assert Vitals(ahead, 0.15, 10.0).troubles == ["clock stamped 0.50 s ahead"]
    assert Vitals(SOURCES, 0.15, 0.0).trouble("proprio") == "", "in lockstep no rate is too low"


def test_they_travel_as_text() -> None:
    vitals = Vitals(SOURCES, 0.15, 10.0)
    assert Vitals.from_values({key: str(value) for key, value in vitals.values().items()} | {"state": "IDLE"}) == vitals
    with pytest.raises(KeyError):
        Vitals.from_values({"age wrist": "0.1"})
