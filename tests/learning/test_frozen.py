"""Frozen cameras: their features are computed once, and their weights come from a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from robot_rl.config.learning import SACConfig
from robot_rl.core.errors import SchemaError, UsageError
from robot_rl.core.record import StepSpec
from robot_rl.learning.feature_cache import FeatureCache, transition_keys
from robot_rl.learning.sac import SAC
from robot_rl.learning.weights import WeightsMeta, pack
from robot_rl.replay.batch import Batch


def numbered(batch: Batch) -> Batch:
    """Each transition begins and ends in rows of its own."""
    batch["indices"][:] = np.arange(0, 2 * len(batch["reward"]), 2)
    batch["next_indices"][:] = batch["indices"] + 1
    return batch


def frozen(config: SACConfig, cache_mb: float = 0.0) -> SACConfig:
    return replace(config, shift=0, encoder=replace(config.encoder, frozen=True, cache_mb=cache_mb))


def test_cached_features_learn_what_fresh_ones_do(config: SACConfig, spec: StepSpec, batch: Batch) -> None:
    agents = [SAC(frozen(config, cache_mb), spec) for cache_mb in (0.0, 1.0)]
    for _ in range(3):
        fresh, cached = (agent.update(numbered(batch)) for agent in agents)
        assert cached == pytest.approx(fresh, rel=1e-3, abs=1e-5)
    batch["obs_images"][:] = 0
    assert agents[1].update(batch) != agents[0].update(batch), "known rows are not encoded again"
    assert agents[1]._view._cache is not None and len(agents[1]._view._cache) == 24
    agents[1].restore(*agents[1].state())
    assert len(agents[1]._view._cache) == 0, "a restored encoder may be another"


def test_cached_features_do_not_depend_on_the_batch(config: SACConfig, spec: StepSpec, batch: Batch) -> None:
    """Else a resumed run, whose cache is empty, would differ."""
    whole, part = (SAC(frozen(config, 1.0), spec)._view for _ in range(2))
    together, last = whole.load(numbered(batch)), part.load(batch.part(9, 12))
    assert torch.equal(together["obs_images_encoded"][9:], last["obs_images_encoded"])
    assert torch.equal(together["next_images_encoded"][9:], last["next_images_encoded"])


def test_memory_is_bounded_and_what_was_dropped_is_computed_again() -> None:
    cache, asked = FeatureCache(4, 3 * 16 / 2**20), []

    def compute(k: int) -> np.ndarray:
        asked.append(k)
        return np.full((1, 4), 10.0 * k, np.float32)

    for keys in ([0, 1, 2], [2, 0], [3, 1, 0], [0, 3]):
        found = cache.get(np.array(keys), lambda k, keys=keys: compute(keys[k]))
        np.testing.assert_array_equal(found[:, 0], [10.0 * key for key in keys])
        assert len(cache) <= 3
    assert asked == [0, 1, 2, 3, 0]


def test_rows_of_other_pools_are_other_rows() -> None:
    keys = transition_keys(np.array([0, 1, 2], np.int32), np.array([7, 7, 2**40]))
    assert len(set(keys.tolist())) == 3


def test_cameras_start_from_weights_of_another_run(config: SACConfig, spec: StepSpec, tmp_path: Path) -> None:
    other = SAC(config, spec, seed=7)
    (tmp_path / "policy").write_bytes(pack(WeightsMeta(1, "sac", config, spec), other.actor_tensors()))
    save_file({k: v.contiguous() for k, v in other.actor.encoder.state_dict().items()}, tmp_path / "encoder")
    for name in ("policy", "encoder"):
        agent = SAC(replace(config, encoder=replace(config.encoder, weights=str(tmp_path / name))), spec)
        ours, theirs = agent.actor.encoder, other.actor.encoder
        assert torch.equal(ours.cameras[1].stem.weight, theirs.cameras[1].stem.weight)
        assert not torch.equal(ours.proprio.project.weight, theirs.proprio.project.weight)


def test_files_that_do_not_fit_are_refused_by_name(config: SACConfig, spec: StepSpec, tmp_path: Path) -> None:
    tensors = {k: v.contiguous() for k, v in SAC(config, spec).actor.encoder.state_dict().items()}

    def refusal(changed: dict[str, torch.Tensor]) -> str:
        save_file(changed, tmp_path / "file")
        with pytest.raises(SchemaError) as caught:
            SAC(replace(config, encoder=replace(config.encoder, weights=str(tmp_path / "file"))), spec)
        return str(caught.value)

    name = "cameras.1.stem.bias"
    assert f"'{name}' has shape (3,), this encoder's is (8,)" in refusal({**tensors, name: torch.zeros(3)})
    assert f"'{name}' holds NaN" in refusal({**tensors, name: torch.full((8,), float("nan"))})
    assert f"no tensor '{name}'" in refusal({k: v for k, v in tensors.items() if k != name})
    (tmp_path / "file").write_bytes(b"PK")
    for path, error, text in (
        (tmp_path / "file", SchemaError, "is no safetensors file"),
        (tmp_path / "none", UsageError, "cannot read encoder.weights"),
    ):
        with pytest.raises(error, match=text):
            SAC(replace(config, encoder=replace(config.encoder, weights=str(path))), spec)


def test_a_cache_needs_a_frozen_encoder(config: SACConfig, spec: StepSpec) -> None:
    with pytest.raises(UsageError, match="encoder.cache_mb is 1, but the encoder learns"):
        SAC(replace(config, encoder=replace(config.encoder, cache_mb=1.0)), spec)
