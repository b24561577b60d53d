"""A learner's graph with a scripted supervisor: who acted in each step, what was executed, and what is learned from."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from robot_rl.core.record import Source
from robot_rl.replay.reader import ReplayReader

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(580)]

SHORT = {
    "policy": {"episode_steps": 16},
    "teleop": {"noise": 0.0, "supervisor": {"patience": 3, "give_back": 0.3, "min_steps": 2}},
    "learner": {"learner": {"start_steps": 20, "batch_size": 32, "utd": 0.5, "success_window": 30}},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, free_domain: int) -> Path:
    """The directory of a run of some ten episodes."""
    folder = tmp_path_factory.mktemp("interventions")
    (folder / "short.yaml").write_text(yaml.safe_dump(SHORT))
    command = [sys.executable, "-m", "robot_rl.cli.main", "launch", "learn", "task:=reach", "supervisor:=scripted"]
    command += ["run:=mine", "config:=short.yaml", "episodes:=10", f"domain:={free_domain}", "budget_s:=300"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=400, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "by hand" in done.stdout
    return folder / "runs" / "mine"


@pytest.fixture(scope="module")
def rows(run: Path) -> np.ndarray:
    """The records of all actions."""
    replay = ReplayReader(run / "replay.zarr")
    return replay.rows(replay.index.transitions)


def test_policy_and_supervisor_take_turns_within_episodes(rows: np.ndarray) -> None:
    assert set(rows["source"].tolist()) == {Source.POLICY, Source.INTERVENTION}
    same = (rows["episode"][1:] == rows["episode"][:-1]) & (rows["index"][1:] == rows["index"][:-1] + 1)
    by_hand = rows["source"] == Source.INTERVENTION
    assert (same & by_hand[1:] & ~by_hand[:-1]).any() and (same & ~by_hand[1:] & by_hand[:-1]).any()


def test_the_supervisors_action_is_executed_and_the_policys_stands_beside_it(rows: np.ndarray) -> None:
    by_hand = rows["source"] == Source.INTERVENTION
    proposed, executed = rows["proposed"][:, :3], rows["action"][:, :3]
    apart = np.abs(proposed - executed).max(axis=1)
    assert np.median(apart[by_hand]) > 0.3, "an untrained policy proposes something else"
    assert np.median(apart[~by_hand]) < 0.1
    # The expert moves along each axis by half of the action's range at most.
    assert np.quantile(np.abs(executed[by_hand]).max(axis=1), 0.9) < 0.65


def test_no_observation_is_skipped_or_answered_twice(rows: np.ndarray) -> None:
    assert len(set(rows["stamp_ns"].tolist())) == len(rows)
    for episode in set(rows["episode"].tolist()):
        mine = rows[rows["episode"] == episode]
        assert (mine["index"] == np.arange(len(mine))).all()


def test_the_rate_is_in_the_table_and_saved_episodes_are_no_successes(run: Path) -> None:
    episodes = [episode for episode in ReplayReader(run / "replay.zarr").episodes() if episode.complete]
    unaided = [episode.success and not episode.interventions for episode in episodes]
    with (run / "metrics.csv").open(newline="") as file:
        last = list(csv.DictReader(file))[-1]
    assert float(last["intervention_rate"]) > 0.0
    assert sum(episode.success for episode in episodes) > sum(unaided)
    if int(float(last["episodes"])) == len(episodes):
        assert float(last["success_rate"]) == pytest.approx(np.mean(unaided), abs=1e-3)
    assert json.loads((run / "result.json").read_text())["env_steps"] > 0
