"""The main job through real processes: demonstrations, updates, new weights acted on, evaluation, nothing left."""

import json
import os
import shutil
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
    "policy": {"episode_steps": 20},
    "learner": {
        "learner": {"success_window": 8, "start_steps": 20, "publish_every": 5, "batch_size": 32, "utd": 0.5},
    },
}


def processes_of(domain: int) -> list[str]:
    """Command lines of the processes that still run in ROS domain `domain`."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            variables = (entry / "environ").read_bytes().split(b"\0") if entry.name.isdigit() else []
            if f"ROS_DOMAIN_ID={domain}".encode() in variables and int(entry.name) != os.getpid():
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, free_domain: int) -> tuple[Path, dict[str, object], int]:
    """A short run of the whole job: its directory, the figures printed, its domain."""
    run = tmp_path_factory.mktemp("end_to_end") / "run"
    return run, learn(run, free_domain, 400), free_domain


def learn(run: Path, domain: int, budget_s: int) -> dict[str, object]:
    """The figures that `robot-rl learn` prints."""
    config = run.parent / "short.yaml"
    config.write_text(yaml.safe_dump(SHORT))
    command = [sys.executable, "-m", "robot_rl.cli.main", "learn", "reach", "--json", "--run", str(run)]
    command += ["--demos", "3", "--episodes", "4", "--success-threshold", "0", "--budget-s", str(budget_s)]
    command += ["--domain", str(domain), "--config", str(config)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=540, cwd=run.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_demonstrations_are_recorded_through_the_graph(finished: tuple[Path, dict[str, object], int]) -> None:
    demos = ReplayReader(finished[0] / "demos.zarr")
    assert sum(e.success and e.complete for e in demos.episodes()) >= 3
    sources = demos.take("source", np.arange(len(demos)))[demos.take("is_last", np.arange(len(demos))) == 0]
    assert set(sources.tolist()) == {Source.SCRIPTED}


def test_the_learner_updates_and_the_policy_acts_on_new_weights(finished: tuple[Path, dict[str, object], int]) -> None:
    result = json.loads((finished[0] / "result.json").read_text())
    assert result["reason"] == "success" and result["updates"] > 0
    replay = ReplayReader(finished[0] / "replay.zarr")
    versions = replay.take("policy_version", np.arange(len(replay)))
    assert len(set(versions.tolist())) > 1 and (np.diff(versions.astype(np.int64)) >= 0).all()


def test_every_step_is_in_the_store_once_and_in_order(finished: tuple[Path, dict[str, object], int]) -> None:
    replay = ReplayReader(finished[0] / "replay.zarr")
    rows = np.arange(len(replay))
    assert (replay.take("seq", rows) == rows).all()
    assert len(set(replay.take("run_id", rows).tolist())) == 1


def test_a_time_limit_is_stored_as_truncation(finished: tuple[Path, dict[str, object], int]) -> None:
    replay = ReplayReader(finished[0] / "replay.zarr")
    for episode in replay.episodes():
        assert episode.length > 0, "an episode must not begin with what was seen before its reset"
        assert episode.terminal == episode.success
        assert episode.length == 20 or episode.terminal or not episode.complete


def test_the_executed_action_stays_in_bounds_and_near_the_proposed(
    finished: tuple[Path, dict[str, object], int],
) -> None:
    replay = ReplayReader(finished[0] / "replay.zarr")
    acted = np.flatnonzero(replay.take("is_last", np.arange(len(replay))) == 0)
    action, proposed = replay.take("action", acted), replay.take("proposed", acted)
    assert (np.abs(action) <= 1).all() and np.isfinite(proposed).all()
    assert np.median(np.abs(action[:, :3] - proposed[:, :3])) < 0.2


def test_the_evaluation_is_of_the_trained_policy(finished: tuple[Path, dict[str, object], int]) -> None:
    run, figures, _ = finished
    result = json.loads((run / "result.json").read_text())
    assert figures["episodes"] == 4 and figures["policy_version"] == result["policy_version"]
    assert json.loads((run / "eval.json").read_text()) == figures
    assert {"task", "successes", "success_rate", "ci95", "mean_length", "env_steps", "updates", "train_wall_s"} <= set(
        figures
    )


def test_the_run_directory_is_complete(finished: tuple[Path, dict[str, object], int]) -> None:
    for name in ("config.yaml", "replay.zarr", "checkpoints/policy.safetensors", "tensorboard", "report.html"):
        assert (finished[0] / name).exists(), name
    assert "<html" in (finished[0] / "report.html").read_text()[:500].lower()


def test_where_training_goes_on_a_window_of_new_episodes_ends_it(
    finished: tuple[Path, dict[str, object], int], tmp_path: Path
) -> None:
    again = shutil.copytree(finished[0], tmp_path / "run")
    before = json.loads((again / "result.json").read_text())["settled"]
    assert before >= 8 and learn(again, finished[2], 401)["evaluations"] == 2
    assert json.loads((again / "result.json").read_text())["settled"] >= before + 8


def test_no_process_is_left(finished: tuple[Path, dict[str, object], int]) -> None:
    assert processes_of(finished[2]) == []
