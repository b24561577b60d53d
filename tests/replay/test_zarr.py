"""The store is a zarr group: zarr opens it, and reads the rows."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import zarr
from numcodecs.blosc import Blosc

from robot_rl.core.record import StepSpec
from robot_rl.replay.schema import Layout
from robot_rl.replay.synthetic import synthetic_episode, synthetic_spec


def test_zarr_reads_every_field(store: Callable[..., Path], spec: StepSpec) -> None:
    """Across chunks, without a warning about foreign files."""
    records = synthetic_episode(spec, 37)
    path = store(records)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        group = zarr.open_group(str(path), mode="r")
        assert {name for name, _ in group.arrays()} == {*spec.dtype.names, "checksum", "commit"}
    assert group["commit"][:, 0].max() == 37
    for name in spec.dtype.names:
        array = group[name]
        assert array.dtype == spec.dtype[name].base
        assert array.shape == (48, *spec.dtype[name].shape), "grows in whole chunks, all arrays alike"
        np.testing.assert_array_equal(array[:37], records[name])
    assert group["proprio"].attrs["names"] == list(spec.observation.proprio)


def test_attributes_say_what_is_in_it(store: Callable[..., Path], spec: StepSpec) -> None:
    group = zarr.open_group(str(store(synthetic_episode(spec, 3))), mode="r")
    about = group.attrs["robot_rl"]
    assert (about["format"], about["meta"]["task"]) == ("robot_rl/replay/1", "reach")
    assert about["spec"]["action"]["names"] == ["x", "y"]


def test_image_chunks_are_what_blosc_stores_uncompressed(spec: StepSpec) -> None:
    """The header that we write is the one that blosc itself puts before bytes that it only stores."""
    images = Layout.plan(spec, {}, (8, 16)).columns[-2]
    assert images.framed
    rows = np.arange(8 * images.row_bytes, dtype=np.uint8)
    stored = Blosc(cname="zstd", clevel=0, blocksize=rows.size).encode(rows)
    assert bytes(Blosc().decode(images.header + rows.tobytes())) == rows.tobytes()
    assert len(stored) == images.chunk_bytes


def test_a_compressed_image_chunk_reads_the_same_in_zarr(store: Callable[..., Path], spec: StepSpec) -> None:
    """The format has room for cold chunks: a compressed frame may stand in a stored one's place."""
    records = synthetic_episode(spec, 8)
    path = store(records)
    chunk = path / "image_wrist" / "c.0.0.0.0"
    chunk.write_bytes(Blosc(cname="zstd", clevel=5).encode(records["image_wrist"].tobytes()))
    array = zarr.open_group(str(path), mode="r")["image_wrist"]
    np.testing.assert_array_equal(array[:8], records["image_wrist"])


def test_chunks_of_images_are_a_few_megabytes() -> None:
    for size, rows in ((64, 512), (128, 128), (84, 256)):
        columns = {c.name: c for c in Layout.plan(synthetic_spec(size), {}).columns}
        assert columns["image_wrist"].rows == rows
        assert columns["image_wrist"].chunk_bytes <= (8 << 20) + 16
