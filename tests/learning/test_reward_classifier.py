"""The reward classifier: it learns, judges by its most doubtful network, and rests in a file that can be trusted."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from robot_rl.config.rewards import BoundConfig, ClassifierConfig
from robot_rl.core.errors import RobotRLError, SchemaError, UsageError
from robot_rl.core.reward_figures import Figures
from robot_rl.learning.augment import random_jitter
from robot_rl.learning.reward_classifier import (
    ClassifierMeta,
    RewardClassifier,
    RewardNetwork,
    load_classifier,
    require,
    require_fit,
    save_classifier,
)
from robot_rl.learning.reward_training import scores_of, train_networks

FIGURES = Figures(
    observations=500,
    positives=50,
    accuracy=1.0,
    precision=0.95,
    recall=0.9,
    false_positives=2,
    episodes=40,
    successes=20,
    announced=20,
    false_successes=0,
    early_successes=0,
    missed_successes=0,
)
META = ClassifierMeta(
    task="lift",
    cameras=("wrist", "front"),
    image_height=16,
    image_width=16,
    threshold=0.7,
    frames=2,
    members=2,
    figures=FIGURES,
    stores=("a.zarr",),
)


class Squares:
    """Noise; where success is seen a bright square is in the upper half of the front camera, else in the lower one."""

    def __init__(self, count: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.labels, self.clear = rng.random(count) < 0.3, np.ones(count, bool)
        self._images = rng.integers(0, 120, (count, 2, 16, 16, 3), dtype=np.uint8)
        for image, label in zip(self._images, self.labels, strict=True):
            row, column = rng.integers(0, 3) + (0 if label else 9), rng.integers(0, 11)
            image[1, row : row + 4, column : column + 4] = (250, 30, 30)
        self._images[:, :, :, 0] = 0

    def __len__(self) -> int:
        return len(self.labels)

    def images(self, indices):
        return self._images[indices]


@pytest.fixture(scope="module")
def networks():
    torch.set_num_threads(1)  # before the fixture that does so for each test
    return train_networks(Squares(300, 0), ClassifierConfig(steps=120, members=2, batch_size=32, shift=1))


@pytest.fixture
def classifier(networks):
    return RewardClassifier(META, networks)


def test_learns_what_success_looks_like_and_tells_it_in_new_images(networks):
    new = Squares(200, 1)
    said = scores_of(networks, new) > 0.5
    assert (said == new.labels).mean() > 0.97


def test_what_is_doubtful_is_not_trained_on():
    frames, seen = Squares(40, 0), set()
    frames.clear[:30] = frames.labels[:30]
    images = frames.images

    def noted(indices):
        seen.update(indices.tolist())
        return images(indices)

    frames.images = noted
    train_networks(frames, ClassifierConfig(steps=30, members=1, batch_size=8))
    assert seen - {0} == set(np.flatnonzero(frames.clear).tolist()) - {0}


def test_the_most_doubtful_network_counts(networks):
    images = Squares(20, 2).images(np.arange(20))
    each = [RewardClassifier(META, [network]).scores(images) for network in networks]
    assert np.allclose(RewardClassifier(META, networks).scores(images), np.minimum(*each))
    assert not np.allclose(*each)


def test_one_moment_is_judged_like_many_and_only_at_its_size(classifier):
    images = Squares(5, 3).images(np.arange(5))
    moment = {"front": images[4, 1], "wrist": images[4, 0], "side": images[0, 0]}
    assert classifier.score(moment) == pytest.approx(classifier.scores(images)[4])
    with pytest.raises(SchemaError, match=r"camera 'wrist' gave an image of \(8, 16, 3\)"):
        classifier.score({**moment, "wrist": images[4, 0, :8]})


def test_a_file_gives_the_same_scores_and_says_what_it_is(classifier, tmp_path):
    save_classifier(tmp_path / "sub" / "r.safetensors", classifier, BoundConfig())
    loaded, images = load_classifier(tmp_path / "sub" / "r.safetensors"), Squares(9, 4).images(np.arange(9))
    assert loaded.meta == META and (loaded.scores(images) == classifier.scores(images)).all()


@pytest.mark.parametrize("change", [{"precision": 0.8}, {"recall": 0.1}, {"false_successes": 5}, {"successes": 3}])
def test_one_that_misses_its_bound_is_not_written(classifier, tmp_path, change):
    meta = dataclasses.replace(META, figures=dataclasses.replace(FIGURES, **change))
    with pytest.raises(RobotRLError, match="is not written, the classifier is not good enough"):
        save_classifier(tmp_path / "r.safetensors", RewardClassifier(meta, classifier.networks), BoundConfig())
    assert not list(tmp_path.iterdir())


def test_one_that_misses_a_servers_bound_is_not_served():
    require(META, BoundConfig(), "this")
    with pytest.raises(UsageError, match=r"this is not good enough to give rewards: precision 0.950 is below 0.99"):
        require(META, BoundConfig(min_precision=0.99), "this")


def test_what_cannot_be_read_is_a_sentence(classifier, tmp_path):
    path = tmp_path / "r.safetensors"
    with pytest.raises(UsageError, match="cannot read reward classifier.*reward train"):
        load_classifier(path)
    save_classifier(path, classifier, BoundConfig())
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)
    with pytest.raises(SchemaError, match="does not match its checksum"):
        load_classifier(path)
    path.write_bytes(b"no tensors at all")
    with pytest.raises(SchemaError, match="hold no tensors"):
        load_classifier(path)


@pytest.mark.parametrize(
    ("task", "cameras", "shape", "says"),
    [
        ("reach", ("wrist", "front"), (16, 16), "task 'reach'"),
        ("lift", ("wrist",), (16, 16), "cameras wrist"),
        ("lift", ("front", "wrist"), (32, 32), "images of 32x32"),
    ],
)
def test_one_for_another_rig_is_refused(task, cameras, shape, says):
    require_fit(META, "lift", ("side", "front", "wrist"), (16, 16), "this")
    with pytest.raises(SchemaError, match=says):
        require_fit(META, task, cameras, shape, "this")


def test_jitter_keeps_the_range_and_gives_each_camera_its_own_light():
    images = np.full((4, 2, 3, 3, 3), 250, np.uint8)
    changed = random_jitter(images, 0.3, np.random.default_rng(0))
    assert changed.dtype == np.float32 and changed.min() >= 0 and changed.max() <= 255
    assert len(np.unique(changed[:, :, 0, 0, 0])) > 3 and (changed[0, 0] == changed[0, 0, 0, 0, 0]).all()
    assert (random_jitter(images, 0.0, np.random.default_rng(0)) == images).all()


def test_networks_take_bytes_and_floats_alike():
    network, images = RewardNetwork(1, 16, 16).eval(), torch.randint(0, 256, (3, 1, 16, 16, 3), dtype=torch.uint8)
    assert torch.allclose(network(images), network(images.float()))
