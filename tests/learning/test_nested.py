"""Values with arrays in them come back from JSON and tensors as they were."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

from robot_rl.learning.checkpoint import load_checkpoint, save_checkpoint
from robot_rl.learning.nested import join, split

VALUE = {
    "random": {"state": 2**127 + 1, "name": "PCG64"},
    "pools": [{"priorities": np.linspace(0.0, 1.0, 7) ** 0.6, "largest": 0.1 + 0.2}, {"priorities": np.zeros(0)}],
    "ready": {"indices": [np.arange(4), np.arange(4) + 7], "weight": [np.float32([0.5, 1.0])], "pool": []},
    "turn": np.arange(12, dtype=np.int32).reshape(3, 4)[:, ::2],
}


def assert_equal(got: object, expected: object) -> None:
    if isinstance(expected, np.ndarray):
        assert isinstance(got, np.ndarray) and got.dtype == expected.dtype
        np.testing.assert_array_equal(got, expected)
    elif isinstance(expected, dict):
        assert isinstance(got, dict) and got.keys() == expected.keys()
        for key, value in expected.items():
            assert_equal(got[key], value)
    elif isinstance(expected, list):
        assert isinstance(got, list)
        for one, other in zip(got, expected, strict=True):
            assert_equal(one, other)
    else:
        assert got == expected


def test_arrays_become_named_tensors() -> None:
    plain, tensors = split(VALUE, "sampler")
    assert "sampler.pools.0.priorities" in tensors and "sampler.ready.indices.1" in tensors
    assert len(tensors) == 6
    assert_equal(join(json.loads(json.dumps(plain)), tensors), VALUE)


def test_through_a_checkpoint(tmp_path: Path) -> None:
    """Beside other tensors; empty arrays too."""
    plain, tensors = split(VALUE, "sampler")
    save_checkpoint(tmp_path, 1, tensors | {"noise": torch.ones(2)}, {"sampler": plain}, 1)
    read, document = load_checkpoint(tmp_path / "updates_000000001.safetensors")
    assert_equal(join(document["sampler"], read), VALUE)
