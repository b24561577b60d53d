"""Training beside a collector: it updates what is due, publishes, keeps failures, and stops when told."""

import errno
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from robot_rl.config.learning import HealthConfig, LearnerConfig, SACConfig
from robot_rl.core.record import StepSpec
from robot_rl.learning.health import Alarm
from robot_rl.learning.learner import Learner
from robot_rl.learning.training import Training
from robot_rl.learning.weights import unpack
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.synthetic import synthetic_episode
from robot_rl.replay.writer import ReplayWriter

Rig = tuple[Training, ReplayWriter, Path]


def until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 30.0
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


@pytest.fixture
def rig(tmp_path: Path, spec: StepSpec, config: SACConfig) -> Iterator[Rig]:
    """A started training thread over a store with one episode of 30 steps."""
    health = HealthConfig(reward_high=100.0)
    settings = LearnerConfig(
        health=health, sac=config, batch_size=8, start_steps=0, utd=0.5, publish_every=5, checkpoint_every=10
    )
    with ReplayWriter.open(tmp_path / "replay.zarr", spec, {"task": "t", "robot": "r"}) as writer:
        writer.append(synthetic_episode(spec, 31))
        writer.commit()
        online = ReplayReader(tmp_path / "replay.zarr")
        online.refresh()
        training = Training(Learner.from_stores(settings, online), tmp_path / "checkpoints")
        training.start()
        yield training, writer, tmp_path
        training.halt()


def test_makes_the_updates_that_are_due_and_no_more(rig: Rig) -> None:
    training, _, folder = rig
    assert until(lambda: training.updates == 15)
    time.sleep(0.1)
    assert training.updates == 15 and training.updates_due <= 0
    assert len(list((folder / "checkpoints").glob("updates_*"))) == 1


def test_the_first_weights_come_before_any_update_and_newer_ones_follow(rig: Rig) -> None:
    training, _, _ = rig
    assert until(lambda: training.updates == 15)
    weights = training.take_weights()
    assert weights is not None and unpack(weights)[0].version == 15
    assert training.take_weights() is None


def test_metrics_are_means_over_the_updates_since_the_last_call(rig: Rig) -> None:
    training, _, _ = rig
    assert until(lambda: training.updates == 15)
    metrics = training.take_metrics()
    assert metrics["count"] == 15 and np.isfinite(metrics["critic_loss"])
    assert training.take_metrics() == {}


def test_alarms_reach_the_caller(rig: Rig) -> None:
    training, writer, _ = rig
    assert until(lambda: training.updates == 15)
    assert training.take_events() == [] and training.alarms == ()
    episode = synthetic_episode(writer.spec, 31, first_seq=31, episode=1)
    episode["reward"] = 700.0
    writer.append(episode)
    writer.commit()
    assert until(lambda: training.updates == 30)
    (event,) = training.take_events()
    assert event.alarm is Alarm.REWARD and "allowed are [0, 100]" in event.text
    assert training.alarms == (Alarm.REWARD,) and training.alarm_counts[Alarm.REWARD] == 1
    assert training.take_metrics()["alarm_reward"] > 0.0


def test_a_disk_that_refuses_a_checkpoint_does_not_end_the_training(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    training, writer, folder = rig
    assert until(lambda: training.updates == 15)

    def grow(number: int) -> None:
        writer.append(synthetic_episode(writer.spec, 31, first_seq=31 * number, episode=number))
        writer.commit()
        assert until(lambda: training.updates == 15 * (number + 1))

    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        grow(1)
        assert "No space left" in training.trouble and training.failure is None
    grow(2)
    assert training.trouble == "" and len(list((folder / "checkpoints").glob("updates_*"))) > 1


def test_a_failure_is_kept_for_the_caller(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    training, writer, _ = rig
    assert until(lambda: training.updates == 15)

    def fail(*args: object) -> None:
        raise ValueError("the disk is on fire")

    monkeypatch.setattr(training, "_update", fail)
    episode = synthetic_episode(writer.spec, 31, first_seq=31, episode=1)
    writer.append(episode)
    writer.commit()
    assert until(lambda: training.failure is not None)
    assert "on fire" in str(training.failure)
