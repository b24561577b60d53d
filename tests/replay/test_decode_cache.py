"""Compressed chunks read through the decode cache: right rows whatever its size, memory within it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numcodecs.blosc import Blosc

from robot_rl.core.record import StepSpec
from robot_rl.replay.batch import Batch
from robot_rl.replay.compact import compact
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.sampler import UniformSampler
from robot_rl.replay.synthetic import synthetic_episode, synthetic_spec
from robot_rl.replay.writer import ReplayWriter

META = {"task": "reach", "robot": "fr3_sim"}


@pytest.fixture
def spec() -> StepSpec:
    return synthetic_spec(32)


def used(reader: ReplayReader) -> tuple[int, int]:
    """Bytes counted as used by the reader's cache, and chunks that are still compressed."""
    columns = [c for c in reader._columns.values() if c._column.framed]
    return columns[0]._cache.used, sum(len(column._packed) for column in columns)


@pytest.mark.parametrize("cache_bytes", [0, 100_000, 1 << 30])
def test_batches_are_the_same_compressed_or_not(store: Callable[..., Path], spec: StepSpec, cache_bytes: int) -> None:
    episodes = [synthetic_episode(spec, 20, first_seq=20 * k, episode=k) for k in range(6)]
    plain, path = store(*episodes, name="plain"), store(*episodes)
    compact(path)
    samplers = [UniformSampler(ReplayReader(plain), 3, seed=5)]
    samplers += [UniformSampler(ReplayReader(path, cache_bytes=cache_bytes), 3, seed=5)]
    for _ in range(5):
        expected, found = (sampler.sample(64) for sampler in samplers)
        for name in expected:
            np.testing.assert_array_equal(found[name], expected[name])


def test_chunks_are_decoded_when_touched_while_the_cache_lasts(store: Callable[..., Path], spec: StepSpec) -> None:
    records = synthetic_episode(spec, 80)
    path = store(records)
    compact(path)
    reader = ReplayReader(path, cache_bytes=1 << 30)
    assert used(reader) == (0, 20)
    reader.take("image_wrist", np.array([3, 5, 70]))
    place = used(reader)[0] // 2
    assert (used(reader), place % 4096, place > 8 * 3072) == ((2 * place, 18), 0, True)
    full = ReplayReader(path, cache_bytes=3 * place + 1)
    for _ in range(3):
        assert full.rows(np.arange(80)[::-1]).tobytes() == records[::-1].tobytes()
        assert used(full) == (3 * place, 17)


def test_decoded_chunks_when_the_map_grows(tmp_path: Path, spec: StepSpec) -> None:
    """The range of addresses is replaced by a larger one: what was decoded is counted once and reads the same."""
    records = synthetic_episode(spec, 200)
    writer = ReplayWriter.open(tmp_path / "s", spec, META, chunk_rows=(8, 16))
    writer.append(records[:64])
    writer.commit()
    compact(tmp_path / "s")
    reader = ReplayReader(tmp_path / "s", cache_bytes=1 << 30)
    assert reader.rows(np.arange(64)).tobytes() == records[:64].tobytes()
    filled, _ = used(reader)
    writer.append(records[64:])
    writer.close()
    reader.refresh()
    assert used(reader) == (0, 16)
    assert reader.rows(np.arange(200)).tobytes() == records.tobytes()
    assert used(reader) == (filled, 0)


@pytest.mark.parametrize("options", [{"blocksize": 5000}, {"blocksize": 0}, {"cname": "lz4", "shuffle": 2}])
def test_frames_of_other_programs(store: Callable[..., Path], spec: StepSpec, options: dict[str, int | str]) -> None:
    """zarr itself may have rewritten a chunk: its blocks need not be whole rows."""
    records = synthetic_episode(spec, 24)
    path = store(records)
    for chunk in range(3):
        data = records["image_wrist"][8 * chunk : 8 * chunk + 8].tobytes()
        (path / "image_wrist" / f"c.{chunk}.0.0.0").write_bytes(Blosc(**options).encode(data))
    for cache_bytes in (0, 1 << 30):
        reader = ReplayReader(path, cache_bytes=cache_bytes)
        assert reader.rows(np.arange(24)).tobytes() == records.tobytes()


def test_rows_go_where_a_strided_array_has_them(store: Callable[..., Path], spec: StepSpec) -> None:
    """As into the views of a batch, cached or not."""
    records = synthetic_episode(spec, 40)
    path = store(records)
    compact(path)
    rows = np.array([39, 0, 0, 17, 8, 39])
    for cache_bytes in (0, 1 << 30):
        batch = Batch.allocate(spec, len(rows))
        for camera, name in enumerate(("image_wrist", "image_front")):
            ReplayReader(path, cache_bytes=cache_bytes).take(name, rows, batch["obs_images"][:, camera])
            np.testing.assert_array_equal(batch["obs_images"][:, camera], records[name][rows])


MEASURE = """
import sys
import numpy as np
from robot_rl.replay.reader import ReplayReader

def anonymous():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon")) * 1024

reader = ReplayReader(sys.argv[1], cache_bytes=int(sys.argv[2]))
out = np.zeros((64, 64, 64, 3), np.uint8)
reader.take("image_wrist", np.arange(2), out[:2])  # loads the decoder
before = anonymous()
for start in np.random.default_rng(0).permutation(np.arange(0, len(reader), 64)):
    reader.take("image_wrist", np.arange(start, start + 64), out)
print(anonymous() - before)
"""


def test_memory_stays_within_the_cache(tmp_path: Path) -> None:
    """Of a store of 24 MB of images, all touched: as much memory as asked for and little more."""
    spec = synthetic_spec(64, ("wrist",))
    with ReplayWriter.open(tmp_path / "s", spec, META, chunk_rows=(64, 2048)) as writer:
        writer.append(synthetic_episode(spec, 2048))
    assert compact(tmp_path / "s").compressed == 32

    def grown(cache_bytes: int) -> int:
        words = [sys.executable, "-c", MEASURE, str(tmp_path / "s"), str(cache_bytes)]
        return int(subprocess.run(words, check=True, capture_output=True, text=True).stdout)

    slack = 4 << 20
    assert grown(4 << 20) < (4 << 20) + slack
    assert grown(0) < slack
    assert 24 << 20 <= grown(1 << 30) < (26 << 20) + slack, "the measurement sees decoded chunks"
