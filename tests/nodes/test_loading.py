"""What the policy node acts with: untrained weights never act unasked."""

from pathlib import Path

import pytest

from robot_rl.config.learning import LearnerConfig
from robot_rl.config.nodes import PolicyNodeConfig
from robot_rl.core.errors import UsageError
from robot_rl.learning.sac import SAC
from robot_rl.learning.weights import WeightsMeta, pack
from robot_rl.nodes.loading import choose_from
from robot_rl.robot.spec import load_robot, step_spec

SPEC = step_spec(PolicyNodeConfig(), load_robot("fr3_sim"))


def weights_file(folder: Path, version: int) -> str:
    config = LearnerConfig().sac
    path = folder / "policy.safetensors"
    path.write_bytes(pack(WeightsMeta(version, "sac", config, SPEC), SAC(config, SPEC).actor_tensors()))
    return str(path)


def test_untrained_weights_are_refused_unless_asked_for(tmp_path: Path) -> None:
    path = weights_file(tmp_path, version=0)
    with pytest.raises(UsageError, match="untrained"):
        choose_from(PolicyNodeConfig(act="mean", weights=path), SPEC)
    assert choose_from(PolicyNodeConfig(act="mean", weights=path, allow_untrained=True), SPEC).refusal == ""


def test_trained_weights_act(tmp_path: Path) -> None:
    assert choose_from(PolicyNodeConfig(act="mean", weights=weights_file(tmp_path, version=3)), SPEC).version == 3
