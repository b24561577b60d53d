"""Runs beside each other: what tells them apart, what each came to, and what is missing said so."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from robot_rl.cli.main import main
from robot_rl.cli.report_compare import write_comparison
from robot_rl.cli.report_runs import compare
from robot_rl.config.run_dir import RunDir
from robot_rl.core.errors import UsageError
from robot_rl.replay.synthetic import synthetic_episode, synthetic_spec
from robot_rl.replay.writer import ReplayWriter

SPEC = synthetic_spec(16)
LATE = [k >= 10 for k in range(40)]
NEVER = [False] * 40


def make_run(
    path: Path, seed: int, shift: int, outcomes: list[bool], evaluated: bool = True, task: str = "reach"
) -> Path:
    """A trained run of episodes of 5 steps."""
    learner = {"learner": {"seed": seed, "sac": {"shift": shift, "hidden": [256, 256]}}, "run_dir": str(path)}
    nodes = {"learner": learner, "policy": {"task": task, "seed": seed}}
    RunDir(path).record({"task": task, "robot": "fr3_sim", "seed": seed}, "learn", {"nodes": nodes})
    with ReplayWriter.open(path / "replay.zarr", SPEC, {"task": "reach", "robot": "fr3_sim"}) as writer:
        for k, success in enumerate(outcomes):
            writer.append(synthetic_episode(SPEC, 6, terminal=success, first_seq=6 * k, episode=k))
    if evaluated:
        (path / "eval.json").write_text(json.dumps({"episodes": 50, "successes": 45 + seed, "env_steps": 200}))
        (path / "result.json").write_text(json.dumps({"train_wall_s": 90.0, "updates": 400, "env_steps": 200}))
    return path


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    """Two seeds of one method, and another method that was never evaluated, named between them."""
    first = make_run(tmp_path / "a0", 0, 4, LATE)
    other = make_run(tmp_path / "b0", 0, 2, NEVER, evaluated=False)
    return [first, other, make_run(tmp_path / "a1", 1, 4, LATE)]


def test_runs_that_differ_by_their_seed_alone_are_one_group(runs: list[Path]) -> None:
    compared = compare(runs)
    assert [(run.data.run.name, run.group) for run in compared] == [
        ("a0", "reach, learner.sac.shift 4"),
        ("a1", "reach, learner.sac.shift 4"),
        ("b0", "reach, learner.sac.shift 2"),
    ]
    assert [run.group for run in compare([runs[0], runs[2]])] == ["reach", "reach"], "they agree in every setting"


def test_settings_count_among_runs_of_one_task(runs: list[Path], tmp_path: Path) -> None:
    lift = make_run(tmp_path / "lift", 0, 9, NEVER, task="lift")
    groups = [run.group for run in compare([runs[0], lift, runs[2]])]
    assert groups == ["reach", "reach", "lift"], "that another task has another shift is no difference of methods"


def test_figures_say_how_fast_success_came_and_where_it_never_did(runs: list[Path], tmp_path: Path) -> None:
    first, second, never = write_comparison(runs, tmp_path / "page.html")
    # Of the newest 20 episodes, 10 succeeded first after 20 episodes, 18 after 28, each of 5 steps.
    assert first == {
        "run": "a0",
        "group": "reach, learner.sac.shift 4",
        "seed": 0,
        "successes": 45,
        "episodes": 50,
        "env_steps": 200,
        "updates": 400,
        "train_wall_s": 90.0,
        "steps_to_half": 100,
        "steps_to_90": 140,
    }
    assert second["successes"] == 46
    assert (never["steps_to_half"], never["steps_to_90"], never["successes"]) == (None, None, None)


def test_the_page_shows_every_run_and_needs_no_other_file(runs: list[Path], tmp_path: Path) -> None:
    write_comparison(runs, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    for text in ("45 of 50", "46 of 50", "<td>b0</td><td>0</td><td>-</td>", "Nobody intervened.", "3 runs"):
        assert text in page
    assert page.count("<svg") == 1, "nothing tells how long these runs took"
    assert not re.search(r"""(src|href)=["']?(http|//|/|\.)|<script|<link|@import""", page)


def test_the_command_writes_where_it_was_told(runs: list[Path], tmp_path: Path, capsys) -> None:
    out = tmp_path / "new" / "page.html"
    assert main(["report", *map(str, runs), "--out", str(out), "--json"]) == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert said["report"] == str(out) and out.is_file()
    assert [run["run"] for run in said["runs"]] == ["a0", "a1", "b0"]


def test_what_cannot_be_compared_is_refused(runs: list[Path], tmp_path: Path, capsys) -> None:
    with pytest.raises(UsageError, match="a0' is named twice"):
        compare([runs[0], runs[0]])
    with pytest.raises(UsageError, match="none' does not exist"):
        compare([runs[0], tmp_path / "none"])
    assert main(["report", str(runs[0]), "--out", str(tmp_path / "page.html")]) == 2
    assert "name several runs" in capsys.readouterr().err
