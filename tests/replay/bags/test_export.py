"""A bag is there whole or not at all, whatever stops its export."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from robot_rl.core.errors import RobotRLError, SchemaError, UsageError
from robot_rl.core.record import StepSpec
from robot_rl.replay.bags.export import export_bag
from robot_rl.replay.bags.writing import Storage
from robot_rl.replay.synthetic import synthetic_episode, synthetic_spec
from robot_rl.replay.writer import ReplayWriter

STORAGES = ["mcap", "sqlite3"]


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A store of 5 MB."""
    spec = synthetic_spec(64)
    with ReplayWriter.open(tmp_path / "large.zarr", spec, {}) as writer:
        writer.append(synthetic_episode(spec, 200))
    return tmp_path / "large.zarr"


@pytest.fixture
def disk_of_2_mb() -> Iterator[None]:
    """No file of this process grows beyond 2 MB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("storage", STORAGES)
def test_ctrl_c_leaves_nothing(large: Path, tmp_path: Path, storage: Storage) -> None:
    def stop(done: int, total: int) -> None:
        assert total == 200
        if done == 150:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_bag(large, tmp_path / "bag", storage=storage, progress=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["large.zarr"]


@pytest.mark.parametrize("storage", STORAGES)
def test_no_space_is_a_sentence_and_leaves_nothing(
    large: Path, tmp_path: Path, storage: Storage, disk_of_2_mb: None
) -> None:
    with pytest.raises(RobotRLError, match=r"cannot write bag '.*bag' \(.*\): free space"):
        export_bag(large, tmp_path / "bag", storage=storage)
    assert [path.name for path in tmp_path.iterdir()] == ["large.zarr"]


def test_what_is_there_is_left_alone(large: Path, tmp_path: Path) -> None:
    (tmp_path / "bag").write_text("mine")
    with pytest.raises(UsageError, match="exists"):
        export_bag(large, tmp_path / "bag")
    assert (tmp_path / "bag").read_text() == "mine"
    with pytest.raises(UsageError, match=r"no replay store"):
        export_bag(tmp_path / "none", tmp_path / "other")


def test_a_name_and_a_storage_that_disagree(large: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'sqlite3', not 'mcap'"):
        export_bag(large, tmp_path / "bag.db3", storage="mcap")


def test_a_damaged_row_is_not_passed_on(store: Callable[..., Path], spec: StepSpec, tmp_path: Path) -> None:
    """A bag has no checksums: imported again, the damage would look whole."""
    path = store(synthetic_episode(spec, 6))
    chunk = path / "proprio" / "c.0.0"
    chunk.write_bytes(chunk.read_bytes()[:40] + b"\x7f" + chunk.read_bytes()[41:])
    with pytest.raises(RobotRLError, match="row 3 .*does not match its checksum"):
        export_bag(path, tmp_path / "bag")
    assert not (tmp_path / "bag").exists()


def test_a_stamp_that_ros_time_cannot_hold(store: Callable[..., Path], spec: StepSpec, tmp_path: Path) -> None:
    records = synthetic_episode(spec, 3)
    records["stamp_ns"] = 2**62
    with pytest.raises(SchemaError, match="which ROS time cannot hold"):
        export_bag(store(records), tmp_path / "bag")
