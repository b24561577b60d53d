"""What a policy with a memory sees is what it learned from."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from robot_rl.config.learning import SACConfig
from robot_rl.core.errors import RobotRLError
from robot_rl.core.record import StepSpec
from robot_rl.learning.acting import Actor, load_actor
from robot_rl.learning.history import History
from robot_rl.learning.sac import SAC
from robot_rl.learning.weights import WeightsMeta, pack
from robot_rl.replay.reader import ReplayReader
from robot_rl.replay.sampler import UniformSampler
from robot_rl.replay.synthetic import synthetic_episode
from robot_rl.replay.writer import ReplayWriter


@pytest.mark.parametrize("stack", [1, 2, 4])
def test_histories_are_those_of_the_sampler(stack: int, spec: StepSpec, tmp_path: Path) -> None:
    episodes = [synthetic_episode(spec, length, first_seq=100 * k, episode=k) for k, length in enumerate((3, 7))]
    with ReplayWriter.open(tmp_path / "store", spec, {"task": "t", "robot": "r"}) as writer:
        for episode in episodes:
            writer.append(episode)
    with contextlib.closing(ReplayReader(tmp_path / "store")) as reader:
        reader.refresh()
        sampler, history, row = UniformSampler(reader, stack=stack), History(stack), 0
        for episode in episodes:
            history.begin()
            for record in episode:
                images = np.stack([record[f"image_{camera}"] for camera in spec.observation.cameras])
                frames, vectors = history.add(images, record["proprio"])
                if not record["is_last"]:
                    batch = sampler.allocate(1)
                    sampler.gather(np.array([row]), batch)
                    np.testing.assert_array_equal(frames, batch["obs_images"])
                    np.testing.assert_array_equal(vectors, batch["obs_proprio"])
                row += 1


def make_actor(config: SACConfig, spec: StepSpec, history: History | None = None, version: int = 3) -> Actor:
    agent = SAC(config, spec, seed=version)
    data = pack(WeightsMeta(version, "sac", config, spec), agent.actor_tensors())
    return load_actor(data, history=history)


def observations(spec: StepSpec, count: int) -> list[tuple[dict[str, np.ndarray], np.ndarray]]:
    rng = np.random.default_rng(0)
    shape = spec.observation.image_shape
    return [
        (
            {camera: rng.integers(0, 256, shape, dtype=np.uint8) for camera in spec.observation.cameras},
            rng.normal(size=3).astype(np.float32),
        )
        for _ in range(count)
    ]


@pytest.fixture
def remembering(config: SACConfig) -> SACConfig:
    return replace(config, encoder=replace(config.encoder, stack=3))


def test_the_actor_sees_the_newest_observations_of_its_episode(remembering: SACConfig, spec: StepSpec) -> None:
    agent, actor, seen = SAC(remembering, spec, seed=3), make_actor(remembering, spec), observations(spec, 5)
    for episode in (seen[:1], seen):
        actor.begin()
        actions = [actor.act(*observation) for observation in episode]
    frames = torch.from_numpy(np.stack([np.stack(list(images.values())) for images, _ in seen]))
    vectors = torch.from_numpy(np.stack([vector for _, vector in seen]))
    for step in range(5):
        rows = [max(step - 2, 0), max(step - 1, 0), step]
        with torch.no_grad():
            features = agent.actor.encoder(frames[rows][None], vectors[rows][None])
            expected = agent.actor.policy.mean_action(features)[0].numpy()
        np.testing.assert_allclose(actions[step], expected, rtol=1e-4, atol=1e-6)


def test_newer_weights_go_on_with_the_history(remembering: SACConfig, spec: StepSpec) -> None:
    first, seen = make_actor(remembering, spec), observations(spec, 4)
    first.begin()
    for observation in seen[:3]:
        first.act(*observation)
    newer, whole = make_actor(remembering, spec, first.history, 4), make_actor(remembering, spec, version=4)
    whole.begin()
    expected = [whole.act(*observation) for observation in seen]
    np.testing.assert_array_equal(newer.act(*seen[3]), expected[3])


def test_a_policy_with_a_memory_must_be_told_of_episodes(remembering: SACConfig, spec: StepSpec) -> None:
    (observation,) = observations(spec, 1)
    with pytest.raises(RobotRLError, match="history of 3 observations acts before `begin`"):
        make_actor(remembering, spec).act(*observation)
    assert History(2).resized(1).add(np.zeros(1), np.zeros(1))[1].shape == (1, 1)
