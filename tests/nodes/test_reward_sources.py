"""What each source of rewards says of which observation; the topics are played."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from robot_rl.config.nodes import RewardNodeConfig
from robot_rl.config.rewards import BoundConfig
from robot_rl.core.errors import SchemaError, UsageError
from robot_rl.core.outcome import Outcome
from robot_rl.core.reward_figures import Figures
from robot_rl.learning.reward_classifier import ClassifierMeta, RewardClassifier, RewardNetwork, save_classifier
from robot_rl.nodes import convert
from robot_rl.nodes.reward_sources import make_source
from robot_rl.robot.tasks import load_task

TICK = 100_000_000
BRIGHT, DARK = 200, 10
COUNTS = {"observations": 9, "positives": 5, "false_positives": 0, "episodes": 20, "successes": 10, "announced": 10}
NONE = {"false_successes": 0, "early_successes": 0, "missed_successes": 0}
FIGURES = Figures(accuracy=1.0, precision=1.0, recall=1.0, **COUNTS, **NONE)
META = ClassifierMeta(
    task="lift",
    cameras=("wrist", "front"),
    image_height=16,
    image_width=16,
    threshold=0.7,
    frames=2,
    members=1,
    figures=FIGURES,
    stores=(),
)


class Brightness(RewardNetwork):
    """Sees success in bright images of the front camera."""

    def __init__(self) -> None:
        super().__init__(2, 16, 16)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images[:, 1].float().mean((1, 2, 3)) - 100.0


class Played:
    """A node whose topics are played."""

    def __init__(self) -> None:
        self.handlers: dict = {}
        self.errors: list[str] = []

    def create_subscription(self, kind, topic, handle, profile):
        self.handlers[topic] = handle

    def get_logger(self):
        return self

    def error(self, text, throttle_duration_sec):
        self.errors.append(text)


class Rig:
    """A source of some configuration, and all that it has said."""

    def __init__(self, **config) -> None:
        self.node, self.said = Played(), list[tuple[int, Outcome]]()
        defaults = {"task": "lift", "image_size": 16, "lockstep": True}
        self.source = make_source(self.node, RewardNodeConfig(**{**defaults, **config}), self._say)

    def _say(self, stamp: int, outcome: Outcome) -> None:
        self.said.append((stamp, outcome))

    def show(self, stamp: int, value: int = DARK, cameras=("wrist", "front"), size: int = 16) -> None:
        for camera in cameras:
            image = np.full((size, size, 3), value, np.uint8)
            self.node.handlers[f"camera/{camera}/image"](convert.image_to_msg(image, stamp * TICK, camera))

    def lifted(self, stamp: int, height: float, held: bool = True) -> None:
        state = dict.fromkeys(load_task("lift").state_names, 0.0) | {"cube_z": height, "cube_grasped": float(held)}
        self.node.handlers["sim/state"](convert.vector_to_msg(list(state), list(state.values()), stamp * TICK))

    def successes(self) -> list[int]:
        assert all(outcome.terminated == outcome.success == bool(outcome.reward) for _, outcome in self.said)
        return [stamp // TICK for stamp, outcome in self.said if outcome.success]

    def stamps(self) -> list[int]:
        return [stamp // TICK for stamp, _ in self.said]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A classifier's file, whose networks are replaced when it is loaded."""
    monkeypatch.setattr("robot_rl.learning.reward_classifier.RewardNetwork", lambda *_: Brightness())
    save_classifier(tmp_path / "r.safetensors", RewardClassifier(META, [Brightness()]), BoundConfig())
    return tmp_path / "r.safetensors"


@pytest.mark.parametrize(("hold", "first"), [(0, 2), (1, 2), (3, 4)])
def test_the_simulators_success_counts_once_it_has_lasted(hold, first):
    rig = Rig(source="simulator", hold=hold)
    for stamp, height in enumerate([0.02, 0.11, 0.13, 0.14, 0.15, 0.16]):
        rig.lifted(stamp, height)
    assert rig.successes() == list(range(first, 6)) and rig.stamps() == list(range(6))


def test_the_simulators_failure_counts_at_once_and_an_interrupted_success_begins_anew():
    rig = Rig(source="simulator", hold=2)
    for stamp, held in enumerate([True, False, True]):
        rig.lifted(stamp, 0.2, held)
    assert rig.successes() == []
    rig.lifted(3, -0.1)
    assert rig.said[-1][1] == Outcome(0.0, terminated=True)


def test_a_person_gives_no_reward_but_every_observation_its_stamp():
    rig = Rig(source="human")
    for stamp in (1, 2, 2, 3):
        rig.show(stamp, BRIGHT)
    assert rig.stamps() == [1, 2, 2, 3] and {outcome for _, outcome in rig.said} == {Outcome(0.0)}


def test_the_classifier_judges_the_images_of_one_stamp_and_success_must_last(file):
    rig = Rig(source=str(file))
    rig.show(0)
    rig.show(1, BRIGHT)
    rig.show(2, BRIGHT, cameras=("wrist",))
    assert rig.stamps() == [0, 1] and rig.successes() == []
    rig.show(2, BRIGHT, cameras=("front",))
    rig.show(3, BRIGHT)
    assert rig.stamps() == [0, 1, 2, 3] and rig.successes() == [2, 3]
    assert rig.source.figures["score"] > rig.source.figures["threshold"] == 0.7


def test_an_observation_announced_again_is_answered_and_counts_once(file):
    rig = Rig(source=str(file), hold=3)
    for stamp in (0, 0, 0, 1, 1, 2):
        rig.show(stamp, BRIGHT)
    assert rig.stamps() == [0, 0, 0, 1, 1, 2] and rig.successes() == [2]


def test_between_episodes_nothing_is_rewarded_and_nothing_is_remembered(file):
    rig = Rig(source=str(file))
    for stamp in range(3):
        rig.show(stamp, BRIGHT)
    rig.source.acting(False)
    rig.show(3, BRIGHT)
    rig.source.acting(True)
    rig.show(4, BRIGHT)
    assert rig.successes() == [1, 2] and rig.stamps() == [0, 1, 2, 3, 4]
    rig.show(5, BRIGHT)
    assert rig.successes() == [1, 2, 5]


def test_pictures_of_another_size_are_judged_as_the_policy_sees_them(file):
    rig = Rig(source=str(file))
    for stamp in range(3):
        rig.show(stamp, BRIGHT, size=32)
    assert rig.successes() == [1, 2]


def test_an_image_that_is_none_is_said_and_dropped(file):
    rig = Rig(source=str(file))
    image = convert.image_to_msg(np.zeros((16, 16, 3), np.uint8), 0, "front")
    image.encoding = "mono8"
    rig.node.handlers["camera/front/image"](image)
    assert not rig.said and "mono8" in rig.node.errors[0]


def test_a_classifier_of_another_rig_or_below_this_nodes_bound_is_not_served(file):
    with pytest.raises(SchemaError, match="task 'reach'"):
        Rig(source=str(file), task="reach")
    with pytest.raises(SchemaError, match="images of 64x64"):
        Rig(source=str(file), image_size=64)
    with pytest.raises(UsageError, match="10 successful and 10 other held-out episodes are too few"):
        Rig(source=str(file), bound=dataclasses.replace(BoundConfig(), min_episodes=11))
