"""Checkpoints are whole or absent."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from robot_rl.core.errors import RobotRLError, SchemaError
from robot_rl.learning.checkpoint import list_checkpoints, load_checkpoint, save_checkpoint

TENSORS = {"a": torch.arange(6.0).reshape(2, 3), "empty": torch.zeros(0)}


def test_round_trip(tmp_path: Path) -> None:
    document = {"big": 2**127 + 1, "list": [1, 2.5, "x"]}
    path = save_checkpoint(tmp_path / "c", 12, TENSORS, document, keep=2)
    tensors, found = load_checkpoint(path)
    assert found == document
    assert all(torch.equal(tensors[name], value) for name, value in TENSORS.items())


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    for updates in (5, 20, 100, 1000):
        save_checkpoint(tmp_path, updates, TENSORS, {}, keep=2)
    assert [path.name for path in list_checkpoints(tmp_path)] == [
        "updates_000000100.safetensors",
        "updates_000001000.safetensors",
    ]


def test_an_interrupted_write_is_no_checkpoint(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, 5, TENSORS, {}, keep=2)
    (tmp_path / "updates_000000009.partial").write_bytes(b"half")
    assert [path.stem for path in list_checkpoints(tmp_path)] == ["updates_000000005"]
    assert list_checkpoints(tmp_path / "absent") == []


def test_damage_is_named(tmp_path: Path) -> None:
    path = save_checkpoint(tmp_path, 5, TENSORS, {}, keep=2)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(SchemaError, match="does not match its checksum"):
        load_checkpoint(path)
    with pytest.raises(RobotRLError, match="cannot read checkpoint"):
        load_checkpoint(tmp_path / "absent.safetensors")


def test_a_disk_that_refuses_is_an_error_and_spares_the_old(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, 5, TENSORS, {}, keep=1)
    (tmp_path / "updates_000000006.partial").mkdir()
    with pytest.raises(RobotRLError, match="older ones are intact"):
        save_checkpoint(tmp_path, 6, TENSORS, {}, keep=1)
    assert len(list_checkpoints(tmp_path)) == 1
