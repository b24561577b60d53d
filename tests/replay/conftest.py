"""Shared pieces of the replay tests: a small spec, and a store made of given episodes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from robot_rl.core.record import StepSpec
from robot_rl.replay.synthetic import synthetic_spec
from robot_rl.replay.writer import ReplayWriter

META = {"task": "reach", "robot": "fr3_sim"}


@pytest.fixture
def spec() -> StepSpec:
    return synthetic_spec()


@pytest.fixture
def store(tmp_path: Path, spec: StepSpec) -> Callable[..., Path]:
    """Write episodes into a committed store with tiny chunks and return its path."""

    def make(*episodes: np.ndarray, name: str = "replay.zarr") -> Path:
        with ReplayWriter.open(tmp_path / name, spec, META, chunk_rows=(8, 16)) as writer:
            for records in episodes:
                writer.append(records)
        return tmp_path / name

    return make
