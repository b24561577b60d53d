"""Figures of an evaluation."""

from __future__ import annotations

import numpy as np
import pytest

from robot_rl.cli.eval import eval_graph, measure, sentence, what_it_took
from robot_rl.config.run_dir import RunDir
from robot_rl.core.errors import RobotRLError, UsageError
from robot_rl.graph import build
from robot_rl.graph.session import prepare
from robot_rl.replay.synthetic import synthetic_episode, synthetic_spec
from robot_rl.replay.writer import ReplayWriter


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write_store(path, outcomes, cut=False, version=7):
    spec, seq = synthetic_spec(), 0
    with ReplayWriter.open(path, spec, {"task": "reach"}) as writer:
        for number, success in enumerate(outcomes):
            rows = 5 if success else 11
            last = cut and number == len(outcomes) - 1
            records = synthetic_episode(spec, rows, first_seq=seq, episode=number, terminal=success, cut=last)
            records["policy_version"] = version
            writer.append(records)
            seq += rows
    return path


def test_figures(tmp_path):
    figures = measure(write_store(tmp_path / "s.zarr", [True, True, False, True]), 4)
    assert (figures["episodes"], figures["successes"], figures["success_rate"]) == (4, 3, 0.75)
    assert figures["mean_length"] == np.mean([4, 4, 10, 4])
    assert figures["policy_version"] == 7
    low, high = figures["ci95"]
    assert 0.25 < low < 0.75 < high < 1.0
    assert "3 of 4 episodes succeeded (75%" in sentence({"task": "reach", **figures})


def test_what_training_took_is_not_said_of_an_older_checkpoint(tmp_path):
    run = RunDir(tmp_path)
    run.result_json.write_text('{"policy_version": 100, "env_steps": 50, "updates": 100, "train_wall_s": 9.5}')
    assert what_it_took(run, 100) == {"env_steps": 50, "updates": 100, "train_wall_s": 9.5}
    assert set(what_it_took(run, 60).values()) == {None}


def test_more_episodes_than_asked_do_not_count(tmp_path):
    assert measure(write_store(tmp_path / "s.zarr", [True, False, False]), 1)["success_rate"] == 1.0


def test_an_episode_that_was_cut_is_not_one(tmp_path):
    with pytest.raises(RobotRLError, match="holds 1 of 2 complete episodes"):
        measure(write_store(tmp_path / "s.zarr", [True, True], cut=True), 2)


def test_the_rig_and_the_parameters_of_training_are_those_of_the_evaluation(tmp_path):
    (tmp_path / "mine.yaml").write_text("/**: {image_size: 32}\npolicy: {episode_steps: 13}\n")
    prepare(build("learn", {"task": "lift", "run": "a", "config": "mine.yaml"}))
    run = RunDir.named("a")
    run.checkpoints.mkdir()
    run.weights.touch()
    policy = eval_graph(run, {"episodes": "9"}).node("policy").parameters
    assert (policy["task"], policy["image_size"], policy["episode_steps"]) == ("lift", 32, 13)
    assert (policy["act"], policy["episodes"], policy["weights"]) == ("mean", 9, str(run.weights))


def test_a_run_without_weights_is_refused():
    prepare(build("learn", {"run": "a"}))
    with pytest.raises(UsageError, match="no weights"):
        eval_graph(RunDir.named("a"), {})


def test_how_long_an_evaluation_lasts_is_not_taken_from_training():
    prepare(build("learn", {"run": "a", "episodes": "0"}))
    run = RunDir.named("a")
    run.checkpoints.mkdir()
    run.weights.touch()
    policy = eval_graph(run, {}).node("policy").parameters
    assert (policy["episodes"], policy["seed"]) == (50, 1000)


def test_success_is_the_simulators_truth_whatever_the_policy_was_rewarded_by(tmp_path):
    (tmp_path / "mine.safetensors").touch()
    (tmp_path / "mine.yaml").write_text("reward: {hold: 4}\n")
    prepare(build("learn", {"run": "a", "reward": "mine.safetensors", "config": "mine.yaml"}))
    run = RunDir.named("a")
    run.checkpoints.mkdir()
    run.weights.touch()
    reward = eval_graph(run, {}).node("reward").parameters
    assert (reward["source"], reward["hold"]) == ("simulator", 0)
    assert eval_graph(run, {"reward": "human"}).node("reward").parameters["source"] == "human"
