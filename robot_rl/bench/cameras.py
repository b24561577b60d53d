"""Figures of camera images on their way through the graph, from the times at both ends."""

from __future__ import annotations

import numpy as np

from robot_rl.core.errors import RobotRLError

COMPLETE = "hears all topics"
"""What the node that receives logs once an image has come on each topic."""
FEWEST = 10
"""Images below which no percentile is given."""


def camera_figures(sent: np.ndarray, received: np.ndarray, since_ns: int, until_ns: int) -> dict[str, float]:
    """Lost images and latency percentiles of one camera.

    `sent` and `received` are int64 (N, 2): the image's stamp, which is its capture, and the time it was sent or
    received, all on one clock [ns]. Only images captured between `since_ns` and `until_ns` count. An image received
    twice counts once. Raises RobotRLError where too few were sent.
    """
    window = sent[(sent[:, 0] >= since_ns) & (sent[:, 0] < until_ns)]
    if len(window) < FEWEST:
        raise RobotRLError(f"only {len(window)} images were sent meanwhile: let the benchmark run longer.")
    arrivals = dict(received[::-1].tolist())  # of the same stamp the first arrival stays
    came = np.array([stamp in arrivals for stamp in window[:, 0].tolist()])
    at_ns = np.array([arrivals[stamp] for stamp in window[came, 0].tolist()], np.int64)
    stages = {
        "capture_to_publish": window[:, 1] - window[:, 0],
        "publish_to_received": at_ns - window[came, 1],
        "capture_to_received": at_ns - window[came, 0],
    }
    span_s = (until_ns - since_ns) * 1e-9
    figures: dict[str, float] = {
        "sent": len(window),
        "lost": int((~came).sum()),
        "rate_hz": round(len(window) / span_s, 2),
    }
    for name, times_ns in stages.items():
        if len(times_ns):
            p50, p99 = np.percentile(times_ns * 1e-6, (50, 99))
            figures |= {f"{name}_p50_ms": round(float(p50), 3), f"{name}_p99_ms": round(float(p99), 3)}
    return figures
