"""Whatever the options, each algorithm learns, resumes exactly and publishes weights that act alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from robot_rl.config.learning import (
    EncoderConfig,
    GripperActionConfig,
    LearnerConfig,
    QTOptConfig,
    SACConfig,
    TD3Config,
)
from robot_rl.core.errors import SchemaError
from robot_rl.core.record import StepSpec
from robot_rl.learning.acting import load_actor
from robot_rl.learning.learner import Learner

from .conftest import ENCODER, Stores, make_learner

ENCODERS: dict[str, dict[str, Any]] = {
    "stack": {"stack": 3},
    "frozen": {"frozen": True},
    "cached": {"frozen": True, "cache_mb": 1e-3},
}
AGENTS: dict[str, dict[str, Any]] = {
    "privileged": {"privileged": ("y",)},
    "discrete": {"gripper": GripperActionConfig(kind="discrete", values=(-1.0, 0.0, 1.0), exploration=0.5)},
}
CONFIGS = {"sac": SACConfig, "td3": TD3Config, "qt_opt": QTOptConfig}
REFUSED = {("qt_opt", "privileged")}
ALL = [(name, option) for option in (*ENCODERS, *AGENTS) for name in CONFIGS if (name, option) not in REFUSED]


def settings(name: str, option: str) -> LearnerConfig:
    encoder: EncoderConfig = replace(ENCODER, **ENCODERS.get(option, {}))
    agent = CONFIGS[name](encoder=encoder, hidden=(16, 16), shift=2, **AGENTS.get(option, {}))
    common: dict[str, Any] = {"batch_size": 8, "device": "cpu", "n_step": 2, "algorithm": name, name: agent}
    return LearnerConfig(**common)


@pytest.mark.parametrize(("name", "option"), ALL)
def test_resume_is_bit_identical(name: str, option: str, stores: Stores, tmp_path: Path) -> None:
    config = settings(name, option)
    learner = make_learner(config, stores)
    for _ in range(5):
        learner.step()
    cameras = {name: value for name, value in learner.agent.actor_tensors().items() if "cameras" in name}
    start = make_learner(config, stores).agent.actor_tensors()
    moved = any(not torch.equal(value, start[name]) for name, value in cameras.items())
    assert moved == (option not in ("frozen", "cached"))
    learner.save(tmp_path / "checkpoints")
    expected = [learner.step() for _ in range(4)]
    resumed = make_learner(replace(config, seed=99), stores)
    resumed.step()
    assert resumed.restore(tmp_path / "checkpoints")
    assert [resumed.step() for _ in range(4)] == expected
    assert resumed.weights() == learner.weights()


@pytest.mark.parametrize(("name", "option"), ALL)
def test_published_weights_act(name: str, option: str, stores: Stores, spec: StepSpec) -> None:
    learner = make_learner(settings(name, option), stores)
    learner.step()
    actor = load_actor(learner.weights(), spec=spec)
    actor.begin()
    images = {camera: np.zeros(spec.observation.image_shape, np.uint8) for camera in spec.observation.cameras}
    for sample in (False, True):
        actions = np.stack([actor.act(images, np.zeros(3, np.float32), sample) for _ in range(20)])
        assert actions.shape == (20, 2) and (np.abs(actions) <= 1.0).all()
        assert option != "discrete" or np.isin(actions[:, 1], (-1.0, 0.0, 1.0)).all()
        assert len(np.unique(actions[:, 0])) > 1 or not sample


@pytest.mark.parametrize(("name", "option"), ALL)
def test_a_checkpoint_of_other_options_is_refused(name: str, option: str, stores: Stores, tmp_path: Path) -> None:
    Learner.from_stores(settings(name, "none"), stores[0]).save(tmp_path)
    with pytest.raises(SchemaError, match="other networks than this run"):
        Learner.from_stores(settings(name, option), stores[0]).restore(tmp_path)
