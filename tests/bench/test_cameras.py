"""Figures of images: lost are those that were sent in the window and never came."""

from __future__ import annotations

import numpy as np
import pytest

from robot_rl.bench.cameras import camera_figures
from robot_rl.core.errors import RobotRLError

MS = 1_000_000
STAMPS = np.arange(100) * 33 * MS + 10**18
SENT = np.stack([STAMPS, STAMPS + 2 * MS], axis=1)
RECEIVED = np.stack([STAMPS, STAMPS + 5 * MS], axis=1)


def test_latencies_of_both_stages_and_their_sum() -> None:
    figures = camera_figures(SENT, RECEIVED, int(STAMPS[0]), int(STAMPS[-1]) + 33 * MS)
    assert (figures["sent"], figures["lost"], figures["rate_hz"]) == (100, 0, pytest.approx(30.3, abs=0.01))
    stages = [
        figures[f"{stage}_p99_ms"] for stage in ("capture_to_publish", "publish_to_received", "capture_to_received")
    ]
    assert stages == [2.0, 3.0, 5.0]


def test_only_images_captured_in_the_window_count_and_each_once() -> None:
    missing = np.delete(RECEIVED, [0, 40, 41], axis=0)
    twice = np.concatenate([missing, RECEIVED[50:60] + np.array([0, 900 * MS])])
    figures = camera_figures(SENT, twice, int(STAMPS[10]), int(STAMPS[90]))
    assert (figures["sent"], figures["lost"], figures["capture_to_received_p99_ms"]) == (80, 2, 5.0)


def test_all_lost_gives_no_latency_of_arrival() -> None:
    figures = camera_figures(SENT, RECEIVED[:0], int(STAMPS[0]), int(STAMPS[-1]))
    assert figures["lost"] == figures["sent"] and "publish_to_received_p50_ms" not in figures


def test_too_few_images_are_an_error() -> None:
    with pytest.raises(RobotRLError, match="only 5 images were sent meanwhile: let the benchmark run longer"):
        camera_figures(SENT, RECEIVED, int(STAMPS[0]), int(STAMPS[5]))
