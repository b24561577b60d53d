"""Critics see privileged entries; policies and their weights know nothing of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from robot_rl.config.learning import AgentConfig, QTOptConfig, SACConfig, TD3Config
from robot_rl.core.errors import SchemaError, UsageError
from robot_rl.core.record import StepSpec
from robot_rl.learning.acting import load_actor
from robot_rl.learning.critic_agent import CriticAgent
from robot_rl.learning.privileged import without
from robot_rl.learning.qt_opt import QTOpt
from robot_rl.learning.sac import SAC
from robot_rl.learning.td3 import TD3
from robot_rl.learning.weights import WeightsMeta, pack
from robot_rl.replay.batch import Batch

from .conftest import ENCODER

COMMON = {"encoder": ENCODER, "hidden": (32, 32), "shift": 0, "privileged": ("y",)}


@pytest.mark.parametrize(("make", "config"), [(SAC, SACConfig), (TD3, TD3Config)])
def test_critics_learn_from_what_the_policy_cannot_see(
    make: type[CriticAgent], config: type[AgentConfig], spec: StepSpec, batch: Batch
) -> None:
    """The reward depends on the hidden entry y alone; images are blank."""
    made = make(config(**COMMON, learning_rate=3e-3), spec)
    rng = np.random.default_rng(0)
    for name in ("obs_images", "next_images", "obs_proprio", "next_proprio", "discount"):
        batch[name][:] = 0
    for _ in range(200):
        batch["obs_proprio"][:, 1] = rng.choice([-1.0, 1.0], 12)
        batch["reward"][:] = batch["obs_proprio"][:, 1] > 0
        before = made.actor.encoder(torch.from_numpy(batch["obs_images"]), torch.zeros(12, 2))
        metrics = made.update(batch)
    assert metrics["critic_loss"] < 0.01
    assert torch.equal(before[0], before[-1]), "the policy's features are the same for both"
    assert len(made.actor.encoder.proprio.mean) == 2


def test_weights_neither_hold_nor_need_them(spec: StepSpec, batch: Batch) -> None:
    agent = SAC(SACConfig(**COMMON), spec)
    agent.fit_normaliser(np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32))
    agent.update(batch)
    assert not any("insight" in name for name in agent.actor_tensors())
    data = pack(WeightsMeta(1, "sac", agent.config, agent.acting_spec), agent.actor_tensors())
    robot, images = without(spec, ("y",)), dict(zip(spec.observation.cameras, batch["obs_images"][0], strict=True))
    on_robot, in_simulation = load_actor(data, spec=robot), load_actor(data, spec=spec)
    action = on_robot.act(images, np.array([0.3, -0.2], np.float32))
    for hidden in (5.0, -5.0):
        np.testing.assert_array_equal(action, in_simulation.act(images, np.array([0.3, hidden, -0.2], np.float32)))
    with pytest.raises(SchemaError, match="were trained on"):
        load_actor(data, spec=without(spec, ("x",)))


def test_what_cannot_be_is_refused(spec: StepSpec) -> None:
    with pytest.raises(UsageError, match=r"privileged has 'sim_\*', which is no entry .*x, y, z"):
        SAC(SACConfig(**(COMMON | {"privileged": ("sim_*",)})), spec)
    with pytest.raises(UsageError, match="leaves the policy no proprioception"):
        SAC(SACConfig(**(COMMON | {"privileged": ("?",)})), spec)
    with pytest.raises(UsageError, match="qt_opt acts by its critics"):
        QTOpt(QTOptConfig(**COMMON), spec)


def test_the_targets_see_the_next_hidden_entry(spec: StepSpec, batch: Batch) -> None:
    first, second = SAC(SACConfig(**COMMON), spec), SAC(SACConfig(**COMMON), spec)
    expected = first.update(batch)["target_mean"]
    batch["next_proprio"][:, 1] += 1.0
    assert second.update(batch)["target_mean"] != expected
