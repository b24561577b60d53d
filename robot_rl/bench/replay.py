"""Figures of the replay store: speed of sampling against its peers, appending, size on disk, opening, memory."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from robot_rl.bench import replay_peers
from robot_rl.bench.replay_append import append_times
from robot_rl.bench.replay_load import OtherLoad
from robot_rl.bench.replay_memory import MB, memory_figures
from robot_rl.bench.replay_peers import Memcpy, Ours, PlainZarr, TorchRL, Way, batch_bytes, check
from robot_rl.bench.replay_stores import META, write_in_bulk, write_steps
from robot_rl.bench.turns import Progress, Stage, in_turns
from robot_rl.core.errors import RobotRLError
from robot_rl.core.record import StepSpec
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.synthetic import synthetic_spec
from robot_rl.replay.writer import ReplayWriter

WAYS = ("ours", "memcpy", "torchrl", "zarr")
OPENINGS = 5


@dataclass(frozen=True)
class Sizes:
    """How much is measured: `FULL` for figures, `QUICK` to see that everything works."""

    image: int = 128
    episodes: int = 100
    batch: int = 256
    rounds: int = 15
    appends: int = 400
    synced_appends: int = 200
    append_hz: float = 20.0
    open_rows: int = 1_000_000
    limit_mb: int = 300
    limited_batches: int = 2000


FULL = Sizes()
QUICK = Sizes(16, 4, 32, 2, 20, 5, 200.0, 20_000, 300, 50)


def replay_figures(folder: Path, sizes: Sizes, stage: Stage) -> dict[str, float | None]:
    """Measure everything with stores below `folder`; values are finite, or None where TorchRL is not installed.

    All speeds are medians over batches drawn in turns, so that other load on the machine meets every way alike.
    """
    spec, store = synthetic_spec(sizes.image, proprio=18), folder / "frames.zarr"
    write_steps(store, spec, sizes.episodes, stage("writing steps with frames"))
    reader = ReplayReader(store)
    ways = _ways(reader, sizes.batch, folder / "torchrl", stage("copying them into TorchRL's buffer"))
    os.sync()  # else the disk is still written to while the speeds are taken
    return {
        **_sampling(ways, spec, sizes, stage("drawing batches in turns")),
        **_disk(reader),
        **memory_figures(store, sizes.batch, sizes.limited_batches, sizes.limit_mb, stage("sampling in little memory")),
        **_appending(folder, spec, sizes, stage),
        **_opening(folder / "long.zarr", sizes.open_rows, stage),
    }


def interleave(
    ways: Sequence[Way], spec: StepSpec, rounds: int, progress: Progress = lambda done, total: None
) -> dict[str, list[float]]:
    """Seconds of each batch that each way drew, in `rounds` rounds over all ways, after a checked and a warm-up one."""
    for way in ways:
        check(way, spec)
        way.draw()
    draws, repeats = {way.name: way.draw for way in ways}, {way.name: way.repeats for way in ways}
    return in_turns(draws, rounds, 0, progress, repeats)


def _ways(reader: ReplayReader, batch: int, folder: Path, progress: Progress) -> list[Way]:
    size = batch_bytes(reader.spec, batch)
    ways: list[Way] = [Ours(reader, batch), Memcpy(size), PlainZarr(reader, batch)]
    if replay_peers.torchrl_installed():
        ways.insert(2, TorchRL(reader, batch, folder, progress))
    return ways


def _sampling(ways: Sequence[Way], spec: StepSpec, sizes: Sizes, progress: Progress) -> dict[str, float | None]:
    size, load = batch_bytes(spec, sizes.batch), OtherLoad()
    seconds = interleave(ways, spec, sizes.rounds, progress)
    speed = {name: size / 1e9 / float(np.median(taken)) for name, taken in seconds.items()}
    ours = speed["ours"]
    return {
        **{f"{name}_gbps": round(speed[name], 3) if name in speed else None for name in WAYS},
        **{f"ours_vs_{name}": round(ours / speed[name], 3) if name in speed else None for name in WAYS[1:]},
        "batch_mb": round(size / MB, 2),
        "sample_ms": round(1e3 * float(np.median(seconds["ours"])), 3),
        "other_load_cores": round(load.cores(), 2),
    }


def _disk(reader: ReplayReader) -> dict[str, float | None]:
    """Bytes that the disk gave to the store, metadata and reserved rows included, and the frames of one step."""
    transitions, obs = len(reader.index.transitions), reader.spec.observation
    size = sum(512 * file.stat().st_blocks for file in reader.path.rglob("*") if file.is_file())
    frames = len(obs.cameras) * int(np.prod(obs.image_shape))
    return {
        "store_mb": round(size / MB, 1),
        "bytes_per_transition": round(size / transitions, 1),
        "frame_bytes_per_transition": frames,
        "disk_vs_frames": round(size / transitions / frames, 4),
    }


def _appending(folder: Path, spec: StepSpec, sizes: Sizes, stage: Stage) -> dict[str, float | None]:
    plain = append_times(
        folder / "plain.zarr", spec, sizes.appends, sizes.append_hz, "none", stage("appending at the control rate")
    )
    synced = append_times(
        folder / "synced.zarr", spec, sizes.synced_appends, sizes.append_hz, "commit", stage("appending with fsync")
    )
    return {
        "append_p50_ms": round(1e3 * float(np.percentile(plain, 50)), 3),
        "append_p99_ms": round(1e3 * float(np.percentile(plain, 99)), 3),
        "append_max_ms": round(1e3 * float(plain.max()), 3),
        "append_fsync_p50_ms": round(1e3 * float(np.percentile(synced, 50)), 3),
        "append_fsync_p99_ms": round(1e3 * float(np.percentile(synced, 99)), 3),
    }


def _opening(path: Path, rows: int, stage: Stage) -> dict[str, float | None]:
    spec = synthetic_spec()
    write_in_bulk(path, spec, rows, stage(f"writing {rows} small steps"))
    progress, readers, writers = stage("opening them"), list[float](), list[float]()
    for done in range(OPENINGS):
        start = time.perf_counter()
        reader = ReplayReader(path)
        readers.append(time.perf_counter() - start)
        if len(reader) != rows:
            raise RobotRLError(f"'{path}' shows {len(reader)} of {rows} rows: its opening time would mean nothing.")
        reader.close()
        start = time.perf_counter()
        writer = ReplayWriter.open(path, spec, META)
        writers.append(time.perf_counter() - start)
        writer.close()
        progress(done + 1, OPENINGS)
    return {
        "open_1m_s": round(float(np.median(readers)), 4),
        "open_writer_1m_s": round(float(np.median(writers)), 4),
    }
