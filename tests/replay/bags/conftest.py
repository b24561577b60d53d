"""Bags as a recorder leaves them: step messages, nothing that says what they are of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from robot_rl.replay.bags.messages import step_message
from robot_rl.replay.bags.writing import reliable, writing

Record = Callable[..., Path]


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """Write records to topics (topic -> records) of a bag, `start_s` into the recorder's life, and return its path."""

    def write(name: str, start_s: float = 0.0, **topics: np.ndarray) -> Path:
        with writing(tmp_path / name, "mcap") as bag:
            for topic, records in topics.items():
                bag.add_topic(topic, "sensor_msgs/msg/PointCloud2", reliable(1000, latched=True))
                for k, row in enumerate(records):
                    bag.write(topic, round(1e9 * (start_s + 0.1 * k)), step_message(row))
        return tmp_path / name

    return write
