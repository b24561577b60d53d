"""The whole job, its phases replaced by what they leave behind."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from robot_rl.cli import learn as module
from robot_rl.cli import report
from robot_rl.cli.main import main
from robot_rl.cli.running import Interrupted
from robot_rl.config.run_dir import RunDir
from robot_rl.graph.session import prepare
from robot_rl.learning.goal import SUCCESS
from robot_rl.replay.synthetic import synthetic_episode, synthetic_spec
from robot_rl.replay.writer import ReplayWriter

SPEC = synthetic_spec()


class Machine:
    """Stands for the Runner: leaves behind what each graph would."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.demos_made = 100
        self.interrupt_in = ""
        self.reason = "goal"
        self.version = 0
        self.successes = 10
        self.improves = 0
        self.wall_s = 7.0
        self.seeds: list[int] = []
        self.demos: list[str] = []
        self.rewards: list[str] = []

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return None

    def say(self, sentence):
        pass

    def require(self, graph):
        prepare(graph)
        self.ran.append(graph.name)
        self.rewards.append(Path(graph.node("reward").parameters["source"]).name)
        run = RunDir.named(graph.arguments["run"])
        if self.interrupt_in == graph.name:
            raise Interrupted(130)
        getattr(self, graph.name)(graph, run)

    def demo(self, graph, run):
        self.seeds.append(graph.node("sim").parameters["seed"])
        count = min(graph.node("policy").parameters["episodes"], self.demos_made)
        append(run.demos, [True] * count)

    def learn(self, graph, run):
        self.demos = graph.node("learner").parameters["demos"]
        self.version += 1
        run.checkpoints.mkdir(exist_ok=True)
        run.weights.write_bytes(b"weights")
        wall_s = self.wall_s * self.version
        result = {"policy_version": self.version, "env_steps": 9, "updates": 8, "train_wall_s": wall_s}
        run.result_json.write_text(json.dumps({**result, "reason": self.reason}))

    def eval(self, graph, run):
        assert not run.eval_store.exists()
        count = graph.node("policy").parameters["episodes"]
        append(run.eval_store, [k < self.successes for k in range(count)], self.version)
        self.successes += self.improves


def append(path, outcomes, version=0):
    with ReplayWriter.open(path, SPEC, {"task": "reach"}) as writer:
        first, start = writer.committed, writer.committed
        for number, success in enumerate(outcomes):
            records = synthetic_episode(
                SPEC, 4, first_seq=first + 4 * number, run_id=start + 1, episode=number, terminal=success
            )
            records["policy_version"] = version
            writer.append(records)


@pytest.fixture
def machine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    machine = Machine()
    monkeypatch.setattr(module, "runner_for", lambda graph, verbose: machine)
    monkeypatch.setattr(report, "write_report", lambda path: path / "report.html")
    return machine


def learn(*words):
    return main(["learn", "reach", "--demos", "3", "--episodes", "10", *words])


def test_all_phases_run_in_order_and_the_figures_come_last(machine, capsys):
    assert learn("--json") == 0
    assert machine.ran == ["demo", "learn", "eval"]
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert list(figures) == [
        *("task", "episodes", "successes", "success_rate", "ci95", "mean_length", "policy_version"),
        *("env_steps", "updates", "train_wall_s", "evaluations"),
    ]
    assert (figures["success_rate"], figures["policy_version"], figures["env_steps"]) == (1.0, 1, 9)


def test_a_learned_reward_trains_and_the_truth_evaluates(machine, tmp_path):
    (tmp_path / "mine.safetensors").touch()
    (tmp_path / "c.yaml").write_text("reward: {source: human}")
    assert learn("--reward", "mine.safetensors", "--config", "c.yaml") == 0
    assert machine.rewards == ["mine.safetensors", "mine.safetensors", "simulator"]


def test_the_same_command_again_has_nothing_left_to_do(machine):
    assert [learn(), learn()] == [0, 0]
    assert machine.ran == ["demo", "learn", "eval"]


def test_it_learns_from_the_demonstrations_it_recorded(machine):
    assert learn() == 0
    assert machine.demos == [str(RunDir.named("reach").demos)]


def test_it_learns_from_any_number_of_stores_and_records_none(machine, tmp_path):
    stores = [str(tmp_path / name) for name in ("a.zarr", "b.zarr", "c.zarr")]
    for store in stores:
        append(Path(store), [True])
    assert main(["learn", "reach", "--demos", ",".join(stores), "--episodes", "10"]) == 0
    assert machine.ran == ["learn", "eval"]
    assert machine.demos == stores


def test_below_the_threshold_is_exit_code_1_with_a_remedy(machine, capsys):
    machine.successes = 9
    assert learn() == 1
    assert "success rate 90% is below the 95%" in capsys.readouterr().err
    assert learn("--success-threshold", "0.9") == 0


def test_training_goes_on_where_the_frozen_policy_falls_short_of_it(machine, capsys):
    machine.reason, machine.successes, machine.improves = SUCCESS, 8, 1
    assert learn("--json") == 0
    assert machine.ran == ["demo", *["learn", "eval"] * 3]
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (figures["successes"], figures["evaluations"]) == (10, 3)


def test_it_goes_on_too_where_it_was_interrupted_before_its_evaluation(machine):
    machine.reason, machine.successes, machine.improves = SUCCESS, 9, 1
    machine.interrupt_in = "eval"
    assert learn() == 130
    machine.interrupt_in = ""
    machine.ran.clear()
    assert learn() == 0
    assert machine.ran == ["eval", "learn", "eval"]


def test_it_goes_on_no_longer_than_the_budget(machine, capsys):
    machine.reason, machine.successes, machine.wall_s = SUCCESS, 9, 4.0
    assert learn("--budget-s", "10") == 1
    assert machine.ran == ["demo", *["learn", "eval"] * 3]
    assert "success rate 90% is below the 95%" in capsys.readouterr().err
    machine.ran.clear()
    assert learn("--budget-s", "10") == 1
    assert machine.ran == []


@pytest.mark.parametrize("phase", ["demo", "learn", "eval"])
def test_an_interrupted_phase_is_done_again_and_those_before_are_not(machine, phase):
    machine.interrupt_in = phase
    assert learn() == 130
    machine.interrupt_in = ""
    before = len(machine.ran)
    assert learn() == 0
    assert machine.ran[before:] == ["demo", "learn", "eval"][["demo", "learn", "eval"].index(phase) :]


def test_training_that_was_interrupted_goes_on(machine):
    machine.reason = "interrupted"
    assert learn() == 1
    assert machine.ran == ["demo", "learn"]
    machine.reason = "budget"
    assert learn() == 0
    assert machine.ran == ["demo", "learn", "learn", "eval"]


def test_missing_demonstrations_are_added_in_other_situations(machine):
    machine.demos_made = 2
    assert learn() == 1
    assert learn() == 0
    assert machine.ran == ["demo", "demo", "learn", "eval"]
    assert machine.seeds[0] != machine.seeds[1]


def test_a_larger_budget_trains_on_and_evaluates_the_new_policy(machine):
    learn("--budget-s", "10")
    machine.ran.clear()
    assert learn("--budget-s", "20") == 0
    assert machine.ran == ["learn", "eval"]


def test_another_number_of_evaluation_episodes_only_evaluates(machine):
    learn()
    machine.ran.clear()
    assert main(["learn", "reach", "--demos", "3", "--episodes", "4"]) == 0
    assert machine.ran == ["eval"]


def test_lost_weights_mean_training_again(machine):
    learn()
    shutil.rmtree(RunDir.named("reach").checkpoints)
    machine.ran.clear()
    assert learn() == 0
    assert machine.ran == ["learn", "eval"]


@pytest.mark.parametrize("words", [("--demos", "-1"), ("--episodes", "0"), ("--seed", "x"), ("--utd", "-1")])
def test_bad_options_start_nothing(machine, words):
    assert learn(*words) == 2
    assert machine.ran == []
