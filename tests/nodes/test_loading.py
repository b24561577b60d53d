"""What the policy node acts with: untrained weights never act unasked."""

from pathlib import Path

import pytest

from robot_rl.config.learning import LearnerConfig
from robot_rl.config.nodes import PolicyNodeConfig
from robot_rl.core.errors import SchemaError, UsageError
from robot_rl.learning.checkpoint import save_checkpoint
from robot_rl.learning.sac import SAC
from robot_rl.learning.weights import WeightsMeta, describe, pack
from robot_rl.nodes.loading import choose_from
from robot_rl.robot.spec import load_robot, step_spec

SPEC = step_spec(PolicyNodeConfig(), load_robot("fr3_sim"))
CONFIG = LearnerConfig().sac


def weights_file(folder: Path, version: int) -> str:
    path = folder / "policy.safetensors"
    path.write_bytes(pack(WeightsMeta(version, "sac", CONFIG, SPEC), SAC(CONFIG, SPEC).actor_tensors()))
    return str(path)


def test_untrained_weights_are_refused_unless_asked_for(tmp_path: Path) -> None:
    path = weights_file(tmp_path, version=0)
    with pytest.raises(UsageError, match="untrained"):
        choose_from(PolicyNodeConfig(act="mean", weights=path), SPEC)
    assert choose_from(PolicyNodeConfig(act="mean", weights=path, allow_untrained=True), SPEC).refusal == ""


def test_trained_weights_act(tmp_path: Path) -> None:
    assert choose_from(PolicyNodeConfig(act="mean", weights=weights_file(tmp_path, version=3)), SPEC).version == 3


def test_so_does_a_checkpoint_of_training_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    document = {"acting": describe(WeightsMeta(5, "sac", CONFIG, SPEC))}
    path = save_checkpoint(tmp_path, 5, SAC(CONFIG, SPEC).state()[0], document, keep=1)
    assert choose_from(PolicyNodeConfig(act="mean", weights=str(path)), SPEC).version == 5
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(SchemaError, match=f"weights '{path}'.*is damaged"):
        choose_from(PolicyNodeConfig(act="mean", weights=str(path)), SPEC)
