"""Where the rewards of a graph come from."""

from __future__ import annotations

import pytest
import yaml

from robot_rl.core.errors import UsageError
from robot_rl.graph import build
from robot_rl.graph.session import check_run, identity_of, prepare


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.safetensors").touch()
    (tmp_path / "weights").touch()


def source(name, **given):
    given |= {"checkpoint": "weights"} if name == "eval" else {}
    return build(name, given).node("reward").parameters["source"]


@pytest.mark.parametrize("name", ["learn", "demo", "eval"])
def test_the_simulator_judges_in_simulation_and_a_person_a_robot(name, tmp_path):
    assert source(name) == "simulator"
    assert source(name, sim="false") == "human"
    assert source(name, reward="human") == "human"
    assert source(name, sim="false", reward="mine.safetensors") == str(tmp_path / "mine.safetensors")


def test_a_reward_of_ones_own_is_left_to_its_node():
    assert "reward" not in [node.name for node in build("learn", {"sim": "false", "reward": "topic"}).nodes]


def test_a_settings_file_may_name_it_and_an_argument_another(tmp_path):
    (tmp_path / "c.yaml").write_text(yaml.safe_dump({"reward": {"source": "human", "hold": 3}}))
    assert source("demo", config="c.yaml") == "human"
    assert source("demo", config="c.yaml", reward="simulator") == "simulator"
    assert build("demo", {"config": "c.yaml"}).node("reward").parameters["hold"] == 3
    assert build("demo", {"hold": "4"}).node("reward").parameters["hold"] == 4


def test_what_cannot_be_is_refused_before_anything_starts():
    with pytest.raises(UsageError, match="no reward classifier at .*nothere.*reward train"):
        source("learn", reward="nothere")
    with pytest.raises(UsageError, match="reward:=simulator needs sim:=true"):
        source("learn", sim="false", reward="simulator")


def test_a_run_keeps_its_reward(tmp_path):
    prepare(build("learn", {"sim": "false", "run": "a", "reward": "mine.safetensors"}))
    check_run(build("learn", {"sim": "false", "run": "a", "reward": "mine.safetensors"}))
    with pytest.raises(UsageError, match="made with reward '.*mine.safetensors', not 'human': give reward:="):
        check_run(build("learn", {"sim": "false", "run": "a"}))
    check_run(build("demo", {"sim": "false", "run": "a"}))
    assert identity_of(build("learn", {"sim": "false", "reward": "topic"}))["reward"] == "topic"
