"""Made-up steps whose every value tells which step it belongs to: for tests, benchmarks and examples."""

from __future__ import annotations

import numpy as np

from robot_rl.core.record import Source, StepSpec
from robot_rl.core.spec import ActionSpec, ObservationSpec


def synthetic_spec(image_size: int = 4, cameras: tuple[str, ...] = ("wrist", "front"), proprio: int = 3) -> StepSpec:
    """A step of small images, `proprio` numbers and two action dimensions."""
    names = tuple(f"joint_{k}" for k in range(proprio))
    return StepSpec(ObservationSpec(cameras, image_size, image_size, names), ActionSpec(("x", "y")))


def synthetic_episode(
    spec: StepSpec,
    rows: int,
    *,
    first_seq: int = 0,
    run_id: int = 1,
    episode: int = 0,
    terminal: bool = False,
    cut: bool = False,
    source: Source = Source.POLICY,
) -> np.ndarray:
    """Records (rows,) of one episode, all filled from their sequence number.

    Its last row is the last observation, `terminal` or truncated by a time limit; a `cut` episode lacks that row, as
    when its writer was killed.
    """
    records = np.zeros(rows, spec.dtype)
    seq = first_seq + np.arange(rows)
    records["seq"], records["run_id"], records["episode"], records["index"] = seq, run_id, episode, np.arange(rows)
    records["source"] = source
    records["is_first"][0] = 1
    if not cut:
        records["is_last"][-1] = 1
        records["is_terminal"][-1] = records["success"][-1] = terminal
    records["stamp_ns"] = seq * 100_000_000
    records["reward"] = seq + 0.5
    records["latency"] = 0.02 + 0.001 * (seq % 7)
    records["age"] = 0.01 + 0.001 * (seq % 5)[:, None]
    records["proprio"] = seq[:, None] + 0.25 * np.arange(len(spec.observation.proprio))
    records["action"] = records["proposed"] = np.sin(seq[:, None] + np.arange(spec.action.size))
    for number, camera in enumerate(spec.observation.cameras):
        pixels = records[f"image_{camera}"].reshape(rows, -1)
        pixels[:] = (seq[:, None] * 7 + number + np.arange(pixels.shape[1])) % 251
    return records
