"""The commands of the README, one by one, as a person would type them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from robot_rl.replay.reader import ReplayReader

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(580)]
SHORT = {"policy": {"episode_steps": 10}, "learner": {"learner": {"start_steps": 10, "publish_every": 5}}}


def robot_rl(*words: str, cwd: Path, code: int = 0) -> str:
    """What `robot-rl` printed; its exit code must be `code`."""
    command = [sys.executable, "-m", "robot_rl.cli.main", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=270, cwd=cwd)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout if code == 0 else done.stderr


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, free_domain: int) -> tuple[Path, tuple[str, ...]]:
    """A run `mine` made step by step: demonstrations, then a little training."""
    folder = tmp_path_factory.mktemp("commands")
    (folder / "short.yaml").write_text(yaml.safe_dump(SHORT))
    domain = str(free_domain)
    robot_rl("demo", "reach", "--run", "mine", "--episodes", "2", "--domain", domain, cwd=folder)
    training = ("run:=mine", "config:=short.yaml", "budget_s:=12", f"domain:={domain}")
    robot_rl("launch", "learn", "task:=reach", *training, cwd=folder)
    return folder, ("--domain", domain)


def test_demo_records_demonstrations(run: tuple[Path, tuple[str, ...]]) -> None:
    demos = ReplayReader(run[0] / "runs" / "mine" / "demos.zarr")
    assert [episode.success for episode in demos.episodes()] == [True, True]


def test_eval_prints_the_figures(run: tuple[Path, tuple[str, ...]]) -> None:
    printed = robot_rl("eval", "mine", "--episodes", "2", "--json", *run[1], cwd=run[0])
    figures = json.loads(printed.splitlines()[-1])
    assert figures["task"] == "reach" and figures["episodes"] == 2 and figures["policy_version"] > 0
    assert 0.0 <= figures["ci95"][0] <= figures["success_rate"] <= figures["ci95"][1] <= 1.0


def test_report_is_one_file(run: tuple[Path, tuple[str, ...]]) -> None:
    printed = robot_rl("report", "mine", cwd=run[0])
    assert "report.html" in printed and (run[0] / "runs" / "mine" / "report.html").stat().st_size > 10_000


def test_replay_tools_read_the_run(run: tuple[Path, tuple[str, ...]]) -> None:
    store = "runs/mine/replay.zarr"
    info = json.loads(robot_rl("replay", "info", store, "--json", cwd=run[0]).splitlines()[-1])
    assert info["task"] == "reach" and info["transitions"] > 0
    robot_rl("replay", "verify", store, cwd=run[0])
    robot_rl("replay", "episodes", store, "--film", "2", "film.png", cwd=run[0])
    assert (run[0] / "film.png").stat().st_size > 1000


def test_another_task_in_the_same_run_is_refused(run: tuple[Path, tuple[str, ...]]) -> None:
    said = robot_rl("launch", "learn", "task:=lift", "run:=mine", f"domain:={run[1][1]}", cwd=run[0], code=2)
    assert "reach" in said and "lift" in said and "Traceback" not in said


def test_show_args_explains_every_argument(tmp_path: Path) -> None:
    shown = robot_rl("launch", "learn", "--show-args", cwd=tmp_path)
    for name in ("sim", "task", "robot", "pace", "run", "seed", "demos", "budget_s"):
        assert f"{name}" in shown


def test_doctor_knows_this_machine(tmp_path: Path) -> None:
    assert "rendering" in robot_rl("doctor", cwd=tmp_path).lower()


def test_bench_control_measures_the_loop_in_real_time(tmp_path: Path, free_domain: int) -> None:
    printed = robot_rl(
        "bench",
        "control",
        "--seconds",
        "15",
        "--command-hz",
        "100",
        "--json",
        "--domain",
        str(free_domain),
        cwd=tmp_path,
    )
    figures = json.loads(printed.splitlines()[-1])
    wanted = {"rate_hz", "period_p50_ms", "period_p99_ms", "obs_to_command_p50_ms", "obs_to_command_p99_ms"}
    assert wanted | {"missed_ticks"} <= set(figures) and figures["steps"] > 20
    periods = [figures[f"command_period_{name}_ms"] for name in ("p50", "p99", "max")]
    assert figures["command_rate_hz"] > 0.0
    assert 0.0 < periods[0] <= periods[1] <= periods[2]
