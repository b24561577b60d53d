"""The learner keeps its ratio, resumes exactly, and survives numbers that are none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from robot_rl.config.learning import LearnerConfig, SACConfig
from robot_rl.core.errors import RobotRLError, SchemaError
from robot_rl.core.record import Source, StepSpec
from robot_rl.learning.acting import load_actor
from robot_rl.learning.checkpoint import list_checkpoints
from robot_rl.learning.health import Alarm
from robot_rl.learning.learner import Learner
from robot_rl.learning.optimiser import Optimiser
from robot_rl.learning.weights import of_file

from .conftest import Stores, make_learner, write_episodes


@pytest.fixture
def settings(config: SACConfig) -> LearnerConfig:
    return LearnerConfig(sac=config, batch_size=16, utd=2.0, start_steps=10, threads=1, device="cpu", n_step=2)


def test_updates_due_follow_the_data(settings: LearnerConfig, stores: Stores, tmp_path: Path, spec: StepSpec) -> None:
    learner = make_learner(settings, stores)
    assert learner.env_steps == 30, "an episode's last observation is no step"
    assert learner.updates_due() == 2 * (30 - 10)
    for _ in range(3):
        metrics = learner.step()
    assert learner.updates == 3
    assert learner.updates_due() == 37
    assert metrics["utd"] == learner.utd == pytest.approx(3 / 20)
    write_episodes(tmp_path / "online", spec, 2, 5, Source.POLICY, 7)
    stores[0].refresh()
    assert learner.updates_due() == 57
    assert make_learner(replace(settings, start_steps=100), stores).updates_due() == 0


def test_proprio_is_normalised_by_the_data(settings: LearnerConfig, stores: Stores) -> None:
    learner = make_learner(settings, stores)
    learner.step()
    tensors = learner.agent.actor_tensors()
    np.testing.assert_allclose(tensors["encoder.proprio.mean"].numpy(), 2.0, atol=1.0)
    np.testing.assert_allclose(tensors["encoder.proprio.std"].numpy(), 3.0, atol=1.0)


def test_interventions_in_the_online_store_are_prior_data(
    settings: LearnerConfig, stores: Stores, tmp_path: Path, spec: StepSpec
) -> None:
    write_episodes(tmp_path / "online", spec, 1, 5, Source.INTERVENTION, 9)
    stores[0].refresh()
    batch = Learner.from_stores(settings, stores[0])._sampler.sample(16)
    assert (batch["pool"] > 0).sum() == 8
    assert (batch["indices"][batch["pool"] > 0] >= 36).all()


def test_resume_is_bit_identical(settings: LearnerConfig, stores: Stores, tmp_path: Path) -> None:
    learner = make_learner(settings, stores)
    for _ in range(7):
        learner.step()
    learner.save(tmp_path / "checkpoints")
    expected = [learner.step() for _ in range(5)]
    resumed = make_learner(replace(settings, seed=99), stores)
    resumed.step()
    assert resumed.restore(tmp_path / "checkpoints")
    assert resumed.updates == 7
    assert [resumed.step() for _ in range(5)] == expected
    assert resumed.weights() == learner.weights()


def test_restore_without_a_checkpoint_changes_nothing(settings: LearnerConfig, stores: Stores, tmp_path: Path) -> None:
    learner = make_learner(settings, stores)
    assert not learner.restore(tmp_path / "none")
    assert learner.updates == 0


def test_checkpoint_of_another_network_is_refused(settings: LearnerConfig, stores: Stores, tmp_path: Path) -> None:
    make_learner(settings, stores).save(tmp_path)
    other = make_learner(replace(settings, sac=replace(settings.sac, critics=3)), stores)
    with pytest.raises(SchemaError, match="other networks than this run"):
        other.restore(tmp_path)
    # what does not shape the networks may change between runs
    assert make_learner(replace(settings, utd=4.0, sac=replace(settings.sac, tau=0.1)), stores).restore(tmp_path)


def test_weights_carry_the_number_of_updates(settings: LearnerConfig, stores: Stores) -> None:
    learner = make_learner(settings, stores)
    assert load_actor(learner.weights()).version == 0
    learner.step()
    actor = load_actor(learner.weights(), spec=learner.spec)
    assert actor.version == 1


def test_a_checkpoint_holds_the_weights_that_acted(settings: LearnerConfig, stores: Stores, tmp_path: Path) -> None:
    learner = make_learner(settings, stores)
    learner.step()
    kept = learner.save(tmp_path)
    acting = learner.weights()
    learner.step()
    assert of_file(kept.read_bytes()) == acting != learner.weights()


def test_checkpoints_keep_the_newest(settings: LearnerConfig, stores: Stores, tmp_path: Path) -> None:
    learner = make_learner(replace(settings, keep_checkpoints=2), stores)
    for _ in range(4):
        learner.step()
        learner.save(tmp_path)
    assert len(list_checkpoints(tmp_path)) == 2


class Poisoned:
    """A sampler whose next batches hold NaN."""

    def __init__(self, sampler: object, bad: int) -> None:
        self._sampler, self.bad = sampler, bad

    def __getattr__(self, name: str) -> object:
        return getattr(self._sampler, name)

    def sample(self, size: int) -> dict[str, np.ndarray]:
        batch: dict[str, np.ndarray] = self._sampler.sample(size)  # type: ignore[attr-defined]
        if self.bad > 0:
            self.bad -= 1
            batch["reward"][:] = np.nan
        return batch


def test_nan_brings_the_last_checkpoint_back(settings: LearnerConfig, stores: Stores, tmp_path: Path) -> None:
    learner = make_learner(settings, stores)
    for _ in range(3):
        learner.step()
    learner.save(tmp_path)
    saved = learner.agent.actor_tensors()["policy.head.weight"].clone()
    learner.step()
    learner._sampler = Poisoned(learner._sampler, 1)  # type: ignore[assignment]
    metrics = learner.step()
    assert metrics["rollbacks"] == 1
    assert learner.updates == 4, "versions never go back"
    assert (learner.agent.actor_tensors()["policy.head.weight"] == saved).all()
    assert np.isfinite(learner.step()["critic_loss"])


def test_nan_without_a_checkpoint_or_again_and_again_is_an_error(
    settings: LearnerConfig, stores: Stores, tmp_path: Path
) -> None:
    learner = make_learner(settings, stores)
    learner.step()
    learner._sampler = Poisoned(learner._sampler, 99)  # type: ignore[assignment]
    with pytest.raises(RobotRLError, match="No healthy checkpoint to return to"):
        learner.step()
    learner.save(tmp_path)
    for _ in range(3):
        learner.step()
    with pytest.raises(RobotRLError, match="after 3 returns"):
        learner.step()


def test_weights_that_are_no_numbers_are_neither_published_nor_saved(
    settings: LearnerConfig, stores: Stores, tmp_path: Path
) -> None:
    learner = make_learner(settings, stores)
    learner.step()
    learner.save(tmp_path)
    for leave in (lambda: learner.weights(), lambda: learner.save(tmp_path)):
        learner.step()
        with torch.no_grad():
            learner.agent.actor_tensors()["policy.head.bias"][0] = float("nan")
        leave()
        assert learner.agent.finite
    assert learner.rollbacks == 2 and learner.health.active == (Alarm.NOT_FINITE,)
    event = learner.health.take_events()[0]
    assert "'updates_000000001.safetensors' came back, return 1 of 3" in event.text


def test_a_gradient_without_bounds_brings_it_back_before_the_next_update(
    settings: LearnerConfig, stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner = make_learner(replace(settings, health=replace(settings.health, every=2)), stores)
    learner.step()
    learner.save(tmp_path)
    monkeypatch.setattr(Optimiser, "gradient_norm", lambda self: float("inf"))
    assert learner.step()["rollbacks"] == 1
    assert "the gradient of update 2 has norm inf" in learner.health.take_events()[0].text
    assert learner.step()["rollbacks"] == 1, "looked at every second update"


def test_nan_brings_a_healthy_checkpoint_back_and_alarmed_ones_never_push_it_out(
    settings: LearnerConfig, stores: Stores, tmp_path: Path
) -> None:
    learner = make_learner(replace(settings, keep_checkpoints=2), stores)
    learner.step()
    learner.save(tmp_path)
    healthy = learner.agent.actor_tensors()["policy.head.weight"].clone()
    for _ in range(3):
        learner.step()
        learner.health.raise_alarm(Alarm.Q_HIGH, learner.updates, "Q reaches 9")
        learner.save(tmp_path)
    names = [path.name for path in list_checkpoints(tmp_path)]
    assert names == ["updates_000000001.safetensors"] + [f"updates_00000000{k}.alarm.safetensors" for k in (3, 4)]
    learner._sampler = Poisoned(learner._sampler, 1)  # type: ignore[assignment]
    learner.step()
    assert (learner.agent.actor_tensors()["policy.head.weight"] == healthy).all()
    resumed = make_learner(settings, stores)
    assert resumed.restore(tmp_path) and resumed.updates == 4, "a run goes on from its newest state"
    assert resumed.health.active == (Alarm.Q_HIGH,)
